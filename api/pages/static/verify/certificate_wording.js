/**
 * The lines of the report on a certificate: those of `api/certificates/certificate_check.py`, word by word, where both check the
 * same; and what the certificate's entries say, to be held beside its print.
 */

/** @typedef {import("./wording.js").Remark} Remark */
/** @typedef {Remark & {value: string}} Said something that a verified entry says, labelled */

/** @type {(zh: string, en: string) => Remark} */
const remark = (zh, en) => ({ zh, en });

/** @param {string} kid of the certificate key */
export const fileSigned = (kid) =>
  remark(
    `文件自首至尾由信任文件所列公告密钥 ${kid.slice(0, 16)}… 签名（PAdES），此后未改动`,
    `the file is signed from its first byte to its last by certificate key ${kid.slice(0, 16)}… (PAdES)`,
  );

/** @param {Remark} step */
export const ofPledge = ({ zh, en }) => remark(`承诺：${zh}`, `the pledge: ${en}`);

/** @param {string[]} disputed the others that are @param {number} others entries beside the pledge */
export function otherEntries(disputed, others) {
  const zh = `其余 ${others} 条记录（公布、活动、登记规则、名称、更正）以同样的步骤核对，全部成立`;
  const en = `the other ${others} entries (publication, campaign, policy, names, corrections) hold in the same steps`;
  if (disputed.length === 0) return remark(zh, en);
  return remark(
    `${zh}；有争议（签名时密钥可能已泄露）：${disputed.join("、")}`,
    `${en}; DISPUTED, as the key may have been compromised: ${disputed.join(", ")}`,
  );
}

export const BELONG_TOGETHER = remark(
  "各条记录属于同一企业、同一活动的同一份公开承诺",
  "the entries are of one enterprise, and of one public pledge of one campaign",
);

export const NOT_SHOWN = [
  remark(
    "印在公告上的文字：浏览器不能重新排版，没有与记录比对。请把印文与上面所列逐项对照，或用命令 credit-ledger verify 逐字节比对",
    "the print: a browser cannot typeset it again, so it was NOT compared with the entries. Hold it against what is listed above, or let the command credit-ledger verify compare it to the byte",
  ),
  remark(
    "产品或服务的质量：公告只证明承诺已经公布",
    "the quality of any product or service: a certificate proves that a pledge was published",
  ),
  remark(
    "制发之后的更名、更正、撤回、撤销，以及未附的更名：现况以承诺页为准",
    "what came after it was made, and renamings that it leaves out: the page of the pledge shows the current state",
  ),
  remark(
    "二维码所指的网址和制发日期：由账本运营方自述",
    "the address in the QR code and the day of issue are the log operator's word",
  ),
];

/**
 * What verified entries say of the pledge; what they do not say is left out.
 *
 * @param {{name: string, code: string, subject: string, campaign: Remark, from: string, until: string, content: string,
 *   clauses: string[], liability: string}} pledge @returns {Said[]}
 */
export function saidOf({ name, code, subject, campaign, from, until, content, clauses, liability }) {
  /** @type {[string, string, string][]} */
  const rows = [
    ["企业", "Enterprise", name || "（名称依规定不公开） · not public"],
    ["主体编号", "Its id", subject],
    ["承诺编码", "Publication code", code],
    ["活动", "Campaign", campaign.en === "" ? campaign.zh : `${campaign.zh} · ${campaign.en}`],
    ["承诺期限", "Term", `${from} – ${until}`],
    ["承诺内容", "What was pledged", [content, ...clauses].join("\n")],
    ["违诺责任", "Liability", liability],
  ];
  return rows.filter(([, , value]) => value !== "").map(([zh, en, value]) => ({ zh, en, value }));
}
