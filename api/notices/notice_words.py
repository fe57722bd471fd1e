"""The kinds of notices and their words, Chinese and English: data, from which mails and letters are set.

Nothing personal stands in them but what their receiver knows: a complaint is named by its number, and what was said is
read on the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

__all__ = ["KINDS", "PROBLEMS", "NoticeKind", "Said"]


class Said(NamedTuple):
    """In both languages."""

    zh: str
    en: str


class NoticeKind(NamedTuple):
    """`name` at the desk; `title` and `text` with `{name}` of the enterprise, `{about}`, `{due}`, `{link}`, `{lines}`.

    `bilingual`: where nothing is known of the receiver's language.
    """

    name: Said
    title: Said
    text: Said
    bilingual: bool = False


KINDS: Final[Mapping[str, NoticeKind]] = {
    "follow_asked": NoticeKind(
        Said("确认订阅", "confirm a subscription"),
        Said("请确认：关注{name}", "Please confirm: follow {name}"),
        Said(
            "有人用这个地址要求关注质量诚信账本中的{name}。是您本人的，请打开下面的网址确认：\n\n{link}\n\n"
            "两天内不确认即作废。不是您本人的，不必理会，不会再有邮件。",
            "Somebody asked with this address to follow {name} in Credit Ledger. If it was you, confirm at"
            "\n\n{link}\n\n"
            "Unconfirmed it is void after two days. If it was not you, do nothing: no other mail comes.",
        ),
    ),
    "followed": NoticeKind(
        Said("关注的企业有新记录", "news of an enterprise"),
        Said("{name}有新的记录", "New entries about {name}"),
        Said(
            "您关注的{name}在质量诚信账本中有新的记录：\n\n{lines}\n\n全部记录及核验：{link}",
            "There are new entries about {name}, which you follow in Credit Ledger:\n\n{lines}\n\n"
            "All of them, and how to verify them: {link}",
        ),
    ),
    "pledge_published": NoticeKind(
        Said("承诺已公布", "pledge published"),
        Said("承诺已公布：{name}", "Pledge published: {name}"),
        Said(
            "{name}的承诺已由组织方公布，见第 {about} 条记录。承诺公告和收据：\n\n{link}",
            "The pledge of {name} was published by the organizer: entry {about}. Certificate and receipt:\n\n{link}",
        ),
    ),
    "pledge_refused": NoticeKind(
        Said("承诺被退回", "pledge refused"),
        Said("承诺被退回：{name}", "Pledge refused: {name}"),
        Said(
            "{name}提交的承诺未予公布。组织方写明的理由在企业工作台上，修改后可以重新提交：\n\n{link}",
            "The pledge that {name} submitted was not published. The organizer's reason stands at the enterprise's "
            "desk; it can be mended and submitted again:\n\n{link}",
        ),
    ),
    "complaint_registered": NoticeKind(
        Said("投诉已登记", "complaint registered"),
        Said("投诉 {about} 已登记", "Complaint {about} is registered"),
        Said(
            "您的投诉已登记，编号 {about}。用您保存的查询密码看办到哪一步：\n\n{link}",
            "Your complaint is registered under the number {about}. See how far it is, with the secret that you kept:"
            "\n\n{link}",
        ),
        bilingual=True,
    ),
    "complaint_moved": NoticeKind(
        Said("投诉有进展", "complaint moved on"),
        Said("投诉 {about} 有进展", "News of complaint {about}"),
        Said(
            "您的投诉 {about} 有新的进展。内容不写在邮件里，请用查询密码查看：\n\n{link}",
            "There is news of your complaint {about}. It is not in this mail: read it with your secret at\n\n{link}",
        ),
        bilingual=True,
    ),
    "complaint_due": NoticeKind(
        Said("投诉将到期", "complaint file due soon"),
        Said("投诉 {about} 将于 {due} 到期", "Complaint file {about} is due on {due}"),
        Said(
            "投诉 {about} 的下一步应于 {due} 前完成：\n\n{link}",
            "The next step of complaint file {about} is due on {due}:\n\n{link}",
        ),
    ),
    "complaint_overdue": NoticeKind(
        Said("投诉已逾期", "complaint file overdue"),
        Said("投诉 {about} 已逾期", "Complaint file {about} is overdue"),
        Said(
            "投诉 {about} 的下一步应于 {due} 前完成，现已逾期：\n\n{link}",
            "The next step of complaint file {about} was due on {due} and was not made:\n\n{link}",
        ),
    ),
}  # fmt: skip

#: What stands in `problem` of a row that was not sent, besides reply codes of servers.
PROBLEMS: Final[Mapping[str, Said]] = {
    "inside": Said("网址指向内部网络", "the address points inside"),
    "unreachable": Said("无法连接", "could not be reached"),
    "timeout": Said("没有及时应答", "no answer in time"),
    "broken": Said("连接中断", "the connection broke"),
    "challenge": Said("没有正确回答验证", "the challenge was not answered"),
    "damaged": Said("保存的地址无法解密", "the stored address cannot be decrypted"),
    "address": Said("地址无法投递", "no address that mail goes to"),
    "restored": Said("从备份恢复，可能已发出", "restored from a backup: it may have been sent"),
    "old": Said("等候过久", "it waited for too long"),
}
