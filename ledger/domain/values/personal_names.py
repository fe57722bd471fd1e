"""Where free text seems to name a person. A suspicion for somebody to look at, never a ground for refusing.

Chinese has no capital letters and no spaces, so a name shows by its company only: a surname after a label such as
联系人 or 投诉人, before a title (先生, 女士, 经理), in a list, right beside a telephone number. A name in the middle
of a sentence without any of these (昨天王小明来过) is not found, nor is a nickname (老王), a rare surname, a Latin
name without title or label, a name in another script. On the planted sentences of the tests, which are no measure of
real ones, four in five are found; free text is read by a person before it is shown, whatever this says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

__all__ = ["name_before", "names_in"]

_SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范"
    "汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤温康施文牛樊葛邢安齐易乔伍庞颜"
    "倪庄聂章鲁岳翟殷詹申耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁房"
    "滕屈饶解牟艾尤时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商"
)
_COMPOUND: Final = "欧阳|司马|上官|诸葛|皇甫|尉迟|公孙|慕容|令狐|夏侯|端木|司徒|东方|南宫|西门|独孤|长孙|宇文|轩辕"
# Words that begin like a name: what follows the labels and lists of these texts far more often than a person does.
_WORDS: Final = (
    "安全 安装 安排 安心 安置 包括 包装 包修 包换 包退 包赔 包含 包邮 毕竟 边界 车辆 车间 车型 车险 成本 成交 "
    "成立 成分 成品 成员 程序 程度 陈列 陈述 陈旧 常见 常规 常用 常年 常务 曾经 单位 单方 单价 单独 单据 党员 "
    "党委 党组 方便 方式 方可 方案 方面 房屋 房间 房产 费用 付款 付费 付清 甘肃 高于 高级 高度 高质 高端 高效 "
    "高标 高等 顾客 顾问 古法 谷物 关于 关系 关注 关键 关联 管理 管辖 管控 贵州 桂林 和解 和谐 何时 何种 何人 "
    "何地 何况 贺卡 华东 华南 华北 华中 华西 黄金 黄色 黄酒 吉林 计算 纪律 纪委 简单 简介 简称 江苏 江西 江南 "
    "金额 金融 金属 金牌 景区 经营 经过 居民 康复 孔径 兰州 蓝色 雷同 冷链 冷冻 冷藏 冷却 黎明 连锁 连续 连同 "
    "连带 柳州 龙头 鲁菜 陆续 路上 路线 路面 马上 马桶 麦片 毛利 毛重 毛巾 毛绒 梅花 米饭 米面 苗木 明确 莫名 "
    "牛奶 牛肉 宁波 宁夏 农业 农药 农产 农村 农民 平台 齐全 钱款 乔木 全部 全体 全额 全面 全程 全新 全国 全年 "
    "任何 任意 任务 任职 任店 商品 商家 商标 商户 商务 商业 商场 尚未 尚无 申请 申诉 申报 申明 申领 沈阳 盛大 "
    "师傅 施工 施行 施用 石材 石油 石化 石膏 时间 时候 时效 时限 时段 史上 司机 司法 宋体 苏州 孙子 汤料 唐山 "
    "陶瓷 田间 童车 童装 涂料 涂层 万元 万一 万名 万份 王牌 卫生 卫浴 温度 温州 文件 文化 文明 文字 文书 武汉 "
    "武器 席位 夏季 夏天 向本 向我 向其 向消 向商 向企 向社 向公 项目 肖像 谢绝 谢谢 谢意 许可 许诺 许多 颜色 "
    "严格 严禁 严重 严肃 严守 叶片 易燃 易损 易碎 应当 应该 应急 应由 应于 应在 应对 应用 应收 应付 应予 应为 "
    "尤其 游客 游戏 游览 于是 于本 于法 余额 余下 余款 岳阳 章程 郑州 郑重 支付 钟表 周边 周期 周末 周转 周到 "
    "周内 周年 周日 朱红 祝福 庄重 庄严 宗旨 宗教 左右 左侧 白色 白酒 白糖 柏油 冯某 李某 张某 王某 刘某 陈某 "
    "杨某 赵某 黄某 周某 吴某"
)
_LABELS: Final = (
    "联系人|姓名|投诉人|举报人|申诉人|反映人|当事人|经办人|承办人|经手人|收件人|收货人|签收人|委托人|代理人|签字人|签名|签字|法定代表人|"
    "法人代表|负责人|消费者|顾客|客户|车主|业主|患者|会员|店长|员工|业务员|客服|司机|导购|用户|买家|名叫|我叫|本人|我是|保安|技师"
)
_TITLES: Final = (
    "先生|女士|小姐|太太|夫人|师傅|经理|老师|医生|大夫|律师|同志|阿姨|大爷|大妈|教授|警官|主任|总监|店长|厂长|局长|科长|处长|所长|队长|"
    "工程师|老板|院长|校长"
)
_AFTER: Final = (
    "先生|女士|小姐|投诉|反映|举报|称|说|于|在|向|与|和|及|等|购买|要求|电话|手机|同志|的|已|将|曾|处|对|表示|认为|提出|发现|到|来|打|去|"
    "因|被|把|让|给|负责|签|办理|退|从|就|确认|收"
)
_HAN: Final = "[\u4e00-\u9fff]"
_GIVEN: Final = "(?!某)[\u4e00-\u9fff]"
_FAMILY: Final = f"(?!{'|'.join(_WORDS.split())})(?:{_COMPOUND}|[{_SURNAMES}])"
# 于, 和, 向, 应, 时, 全 … begin too many sentences to be taken for surnames where nothing else speaks for it
_LOOSE: Final = "于和向应时全成安单解任何常方万文路关包管连易费付申商车项司农师"
_STRICT: Final = f"(?!{'|'.join(_WORDS.split())})(?:{_COMPOUND}|(?![{_LOOSE}])[{_SURNAMES}])"
_END: Final = f"(?:(?!{_HAN})|(?={_AFTER}))"
_CAPITAL: Final = "[A-Z][A-Za-z'’-]+"

_LABELLED: Final = re.compile(
    rf"(?:{_LABELS})(?:[:为是\s,(]{{1,3}}({_FAMILY}{_GIVEN}{{1,2}}?)|({_STRICT}{_GIVEN}{{1,2}}?)){_END}"
)
_TITLED: Final = re.compile(rf"({_FAMILY}(?:{_GIVEN}{{1,2}})??)(?:{_TITLES})")
_LISTED: Final = re.compile(
    rf"(?<!{_HAN})({_STRICT}{_GIVEN}{{1,2}}(?:[、,/; ]{_STRICT}{_GIVEN}{{1,2}})+)(?:(?!{_HAN})|(?=等))"
)
_LATIN: Final = re.compile(rf"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\b\.?\s+({_CAPITAL}(?:\s+{_CAPITAL}){{0,2}})")
_LATIN_LABELLED: Final = re.compile(
    r"\b(?:[Nn]ame|[Cc]ontact|[Cc]onsumer|[Cc]ustomer|[Cc]omplainant|[Ss]igned(?: by)?|[Mm]anager|联系人|姓名)\s*:\s*"
    rf"({_CAPITAL}\s+{_CAPITAL}(?:\s+{_CAPITAL})?)"
)
_BESIDE: Final = re.compile(rf"(?<!{_HAN})({_STRICT}{_GIVEN}{{1,2}})[\s,:(]{{0,3}}\Z")


def names_in(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of what looks like a person's name, in no order, overlaps possible. `text` is in NFKC."""
    for pattern in (_LABELLED, _TITLED, _LISTED, _LATIN, _LATIN_LABELLED):
        for match in pattern.finditer(text):
            yield match.span(match.lastindex or 0)


def name_before(text: str, end: int) -> tuple[int, int] | None:
    """What looks like a name right before `end`, where a telephone number begins."""
    match = _BESIDE.search(text[max(0, end - 12) : end])
    if match is None:
        return None
    shift = max(0, end - 12)
    return match.start(1) + shift, match.end(1) + shift
