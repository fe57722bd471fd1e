/**
 * The lines of the report, in Chinese and English: each says no more than what was checked.
 *
 * They are those of `ledger/verifier/*wording.py`, word by word: tests compare the two programs' reports.
 */

import { shanghaiTime } from "./subject.js";

/** @typedef {{zh: string, en: string}} Remark one line for people */
/** @typedef {import("./receipt.js").Located} Located */
/** @typedef {import("./trust.js").Trust} Trust */

/** @type {(zh: string, en: string) => Remark} */
const remark = (zh, en) => ({ zh, en });

/** @type {readonly [string, string][]} those of `ledger/domain/values/role_names.py`, in its order */
const ROLE_NAMES = [
  ["root", "信任根"],
  ["registrar", "登记员"],
  ["organizer", "组织方"],
  ["approver", "审批方"],
  ["regulator", "监管机关"],
  ["laboratory", "检验检测机构"],
  ["handling_body", "投诉承办单位"],
  ["data_officer", "数据专员"],
  ["log_operator", "账本运营方"],
];

export const NO_QUORUM = remark("信任文件不要求见证方联署", "the trust file demands no quorum of witnesses");

const RULES_AND_TREE = remark(
  "登记当时的全部业务规则及唯一性（须审计），日志是否向所有人出示同一棵树（须有见证方）",
  "all rules of registration, and what must be unique (an audit does), and that everybody is shown the same tree (witnesses do)",
);

const ENTRY_NOT_SHOWN = [
  remark(
    "离线证据可能缺少密钥撤销或角色收回的记录：它们是否存在，只有联网查询或审计全部日志才知道",
    "a revocation of a key or a role that the evidence leaves out: only the service or an audit of the log tells",
  ),
  remark(
    "此后对本条记录的更正、撤回、否认或正文删除",
    "what was registered about this statement later: corrections, withdrawals, repudiations, erasures",
  ),
];

/** What no verification of a statement shows. @param {Trust} trust @returns {Remark[]} */
export const entryNotShown = (trust) => [
  ...ENTRY_NOT_SHOWN,
  trust.quorum === null
    ? remark(
        "日志是否向所有人出示同一棵树（须有见证方），以及登记当时的其他业务规则（须审计）",
        "that everybody is shown the same tree (witnesses do that), and all rules of registration (an audit does)",
      )
    : remark(
        "没有树证明的证据记录是否也在见证方联署的树中，以及登记当时的其他业务规则（须审计）",
        "that evidence without a tlog-proof is in the tree of the witnesses, too, and all rules of registration (an audit does)",
      ),
];

/** What no checkpoint shows. @param {Trust} trust @returns {Remark[]} */
export const headNotShown = (trust) => [
  ...(trust.quorum === null
    ? [
        remark(
          "日志是否向所有人出示同一棵树：须与他人所见比对，或有见证方联署",
          "that the log shows everybody the same tree: compare with others, or ask for witnesses",
        ),
      ]
    : []),
  remark("各条记录本身是否合规：须审计", "that the entries under it are in order: an audit shows that"),
];

export const BUNDLE_NOT_SHOWN = [
  remark(
    "映射本身是否如实：映射对运营方的约束仅以有人重放全部日志为限（一条命令：credit-ledger map check）",
    "that the map itself is right: it binds the service only as far as somebody replays the log, which is one command: credit-ledger map check",
  ),
  remark(
    "映射根覆盖范围之后的记录是否齐全，以及检查点之后的任何记录",
    "that the entries since the map's size are all there are, and anything after the checkpoint",
  ),
  RULES_AND_TREE,
];

/** This program does not fold the entries into a standing; `credit-ledger verify` does. */
export const NOT_COMPUTED = remark(
  "未在浏览器中重新计算践诺状况：请用命令 credit-ledger verify 重算",
  "the standing was not computed again in this browser: the command credit-ledger verify does",
);

export const STANDING_NOT_SHOWN = [
  remark(
    "这是运营方的一句话：所依据的记录是否齐全、计算是否正确，须用完整性证明重算",
    "it is the operator's word: a completeness bundle lets you compute the standing again from the entries",
  ),
  remark("签发之后新登记的记录", "what was registered since it was signed"),
];

/** @param {Located} target @param {Trust} trust */
export function located({ index, receipt }, trust) {
  const at = shanghaiTime(receipt.iat);
  return remark(
    `声明在日志 ${trust.origin} 中：第 ${index} 条，树大小 ${receipt.treeSize}，登记时间 ${at}，收据签名有效`,
    `the statement is entry ${index} of ${trust.origin}, under a signed tree of ${receipt.treeSize} entries, recorded at ${at}`,
  );
}

/** @param {number} entries */
export const evidenceInOrder = (entries) =>
  remark(
    `证据共 ${entries} 条记录，收据全部有效，顺序与日志一致，各棵树互不矛盾`,
    `all ${entries} entries of the evidence are in the log, in its order, under trees that do not contradict`,
  );

/** @param {Trust} trust */
export const anchored = (trust) =>
  remark(
    `第 0 条记录属于信任文件所列章程 ${trust.charterHex.slice(0, 16)}…，所列密钥一致`,
    `entry 0 is in the charter ${trust.charterHex.slice(0, 16)}… of the trust file, and names the same keys`,
  );

/** @param {number} entries */
export const chained = (entries) =>
  remark(
    `此前 ${entries} 条主体、密钥和角色记录逐条核对：签名、密钥有效期、权限、规则、密钥持有证明`,
    `the ${entries} entries that lead to the issuer hold: signature, validity, entitlement, rules, possession`,
  );

/** @param {import("./statement.js").Statement} statement @param {string | undefined} named of the issuer */
export function signed({ issuer, kidHex }, named) {
  const name = named === undefined ? "" : ` (${named})`;
  const kid = kidHex.slice(0, 16);
  return remark(
    `由 ${issuer}${name} 的密钥 ${kid}… 签名，该密钥在此位置有效`,
    `signed by key ${kid}… of ${issuer}${name}, which was valid at this position`,
  );
}

/** @param {boolean} sealed @param {{type: string} | null} event @param {boolean} body whether one was given */
export function decoded(sealed, event, body) {
  if (event === null) {
    return remark(
      "内容已密封，未提供正文：仅核对了承诺值的格式，内容未核对",
      "the content is sealed and its body was not given: what it says was NOT checked",
    );
  }
  const { type } = event;
  if (sealed) return remark(`正文与密封承诺值一致：${type}`, `the body is the one that was committed to: ${type}`);
  if (body)
    return remark(`内容：${type}，理由正文与摘要一致`, `content: ${type}; the text of the ground is the one named`);
  return remark(`内容格式正确：${type}`, `the content is well-formed: ${type}`);
}

/** @param {string} subject @param {ReadonlySet<string>} held the issuer's roles @param {boolean} closed */
export function entitled(subject, held, closed) {
  if (closed) {
    return remark(
      "签发者有无权限签发该内容：未核对（内容密封）",
      "whether the issuer was entitled to say it was NOT checked: the content is sealed",
    );
  }
  const roles = [...held].sort().join(", ") || "self";
  const named = [...ROLE_NAMES].flatMap(([role, name]) => (held.has(role) ? [name] : []));
  return remark(
    `签发者有权就 ${subject} 签发此类声明（角色：${named.join("、") || "企业自己"}）`,
    `the issuer was entitled to say this about ${subject} (roles: ${roles})`,
  );
}

/** @param {number} entries @param {boolean} disputed */
export function later(entries, disputed) {
  if (disputed) {
    return remark(
      "有争议：此后的记录表明，签名时该密钥可能已泄露",
      "DISPUTED: a later entry says that the key may have been compromised when this was signed",
    );
  }
  if (entries === 0) {
    return remark(
      "证据不含后续记录，对该密钥后来是否撤销不置一词",
      "the evidence holds no later entries: it says nothing about the signing key's later fate",
    );
  }
  return remark(
    `证据所含的 ${entries} 条后续记录没有使该签名密钥受到质疑`,
    `none of the ${entries} later entries in the evidence disputes the signing key`,
  );
}

/** @param {import("./policy.js").Cosigned} cosigned @param {number} evidence @param {number} of */
export function quorum({ checkpoint: { size }, cosigners, quorum: name }, evidence = 0, of = 0) {
  if (name === "none") {
    return remark(
      `树证明成立：在检查点密钥所签 ${size} 条记录的树中；信任文件不要求见证方联署`,
      `the tlog-proof holds in the signed tree of ${size} entries; the trust file demands no quorum of witnesses`,
    );
  }
  const names = cosigners.join(", ");
  const also =
    of > 0
      ? [`；证据 ${of} 条中 ${evidence} 条同样`, `; so are ${evidence} of ${of} entries of the evidence`]
      : ["", ""];
  return remark(
    `见证达到法定数 ${name}：${names} 联署了 ${size} 条记录的树${also[0]}`,
    `the quorum ${name} of witnesses cosigned the tree of ${size} entries: ${names}${also[1]}`,
  );
}

/** @param {number} count */
export const proofsOfEvidence = (count) =>
  remark(
    `${count} 条证据记录附有树证明，成立；声明本身没有`,
    `${count} entries of the evidence have a tlog-proof, which holds; the statement itself has none`,
  );

export const HEAD_SIGNED = remark(
  "检查点由信任文件所列密钥签名",
  "the checkpoint is signed by a key of the trust file",
);

/** @param {import("./note.js").Checkpoint} head @param {string} root */
export const headOf = (head, root) =>
  remark(
    `日志 ${head.origin}，共 ${head.size} 条，根 ${root}`,
    `it is of ${head.origin}: ${head.size} entries, root ${root}`,
  );

export const STANDING_SIGNED = remark("由信任文件所列的践诺状况密钥签名", "signed by a standing key of the trust file");

/** @param {string} origin @param {string} subject @param {number} left seconds */
export const standingOf = (origin, subject, left) =>
  remark(
    `日志 ${origin} 就 ${subject} 签发，还有 ${left} 秒有效`,
    `it is of ${origin} about ${subject}, and holds for ${left} s more`,
  );

export const ACKNOWLEDGEMENT_SIGNED = remark(
  "由信任文件所列的收据密钥签名",
  "signed by a receipt key of the trust file",
);

/** @param {string} origin @param {string} subject @param {number} receivedAt @param {string} digest */
export function acknowledgedBy(origin, subject, receivedAt, digest) {
  const at = shanghaiTime(receivedAt);
  return remark(
    `日志 ${origin} 于 ${at} 收到关于 ${subject} 的声明，SHA-256 ${digest}`,
    `${origin} had a statement about ${subject} at ${at}, with SHA-256 ${digest}`,
  );
}

export const ACKNOWLEDGED_IS_BESIDE = remark(
  "所附声明即其所指",
  "the statement beside it is the one that it acknowledges",
);

/** @param {string} digest @param {boolean} given whether the statement was dropped with it */
export const acknowledgementNotShown = (digest, given) => [
  ...(given
    ? []
    : [
        remark(
          `它所指的是哪份声明：请附上 SHA-256 为 ${digest} 的声明`,
          `which statement it is about: add the one with SHA-256 ${digest}`,
        ),
      ]),
  remark(
    "声明后来是否公布、退回或取下：它不是收据，不证明声明在日志中",
    "what became of it, published, refused or taken down: it is no receipt, and does not show that it is in the log",
  ),
  remark("这是运营方的一句话：见证方对此一无所知", "it is the operator's word, of which witnesses know nothing"),
];

/** @param {number} reasons @param {number} size */
export const reasonsNamed = (reasons, size) =>
  remark(
    `所列 ${reasons} 条依据逐一指向已核验的记录，这些记录截至第 ${size} 条齐全`,
    `each of the ${reasons} entries that it rests on is a verified one, and up to size ${size} none of those is hidden`,
  );

/** @param {number} entries @param {Trust} trust */
export const bundleLocated = (entries, trust) =>
  remark(
    `共 ${entries} 条声明，均为日志 ${trust.origin} 所收，收据全部有效`,
    `all ${entries} statements are meant for ${trust.origin}, and their receipts hold`,
  );

/** @param {number} trees @param {number} size */
export const oneLog = (trees, size) =>
  remark(
    `收据所涉 ${trees} 棵树逐一证明为检查点（${size} 条）的前身：同一本日志，只增不改`,
    `the ${trees} trees of the receipts are beginnings of the checkpoint's, of ${size} entries: one log`,
  );

/** @param {string} first @param {number} others */
export const streams = (first, others) =>
  remark(
    `${first} 及其所依据的 ${others} 个记录流，各条归属与顺序无误`,
    `the stream of ${first} and the ${others} that it rests on hold entries of their own, in the log's order`,
  );

/** @param {number} entries @param {number} sealed @param {number} closed */
export function bundleInOrder(entries, sealed, closed) {
  const bodies = sealed - closed;
  const zh = `${entries} 条声明按日志顺序逐条核对：签名、密钥有效期、权限；${bodies} 条密封正文与承诺值一致`;
  const en = `all ${entries} statements, in the log's order: signature, validity of the key, entitlement; ${bodies} sealed bodies are those that were committed to`;
  if (closed === 0) return remark(zh, en);
  return remark(
    `${zh}；${closed} 条密封记录的正文不公开，内容与权限未核对，不计入`,
    `${en}; ${closed} SEALED BODIES ARE NOT PUBLIC: what they say was not checked, and counts for nothing`,
  );
}

/** @typedef {{index: number, treeSize: number, subjects: number}} MapRoot */

/** @param {MapRoot} root @param {string} issuer */
export const rooted = (root, issuer) =>
  remark(
    `映射根由 ${issuer} 登记为第 ${root.index} 条，覆盖前 ${root.treeSize} 条、${root.subjects} 个主体`,
    `the map's root was registered by ${issuer} as entry ${root.index}, over the first ${root.treeSize} entries of ${root.subjects} subjects`,
  );

/** @param {string} subject @param {number} entries @param {MapRoot} root @param {number} others */
export function complete(subject, entries, { treeSize }, others) {
  if (entries === 0) {
    return remark(
      `映射证明：前 ${treeSize} 条中没有关于 ${subject} 的任何记录；其余 ${others} 个记录流完整`,
      `the map shows that none of the first ${treeSize} entries is about ${subject}; ${others} other streams are whole`,
    );
  }
  return remark(
    `截至第 ${treeSize} 条，${subject} 的记录恰为所示 ${entries} 条，无一缺漏；其余 ${others} 个记录流亦然`,
    `up to size ${treeSize}, ${subject} has exactly the ${entries} entries shown, none is hidden; so it is with the other ${others} streams`,
  );
}

/** @param {number} entries @param {MapRoot} root @param {number} size */
export const since = (entries, { treeSize }, size) =>
  remark(
    `此后至 ${size} 条之间另示 ${entries} 条：均在日志中，但是否齐全尚无证明`,
    `of the entries from ${treeSize} to ${size}, ${entries} are shown: they are in the log, but nobody shows yet that they are all`,
  );
