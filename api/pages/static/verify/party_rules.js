/**
 * What may be said about parties, keys and roles: the rules that registration applied, once more
 * (`ledger/domain/rules/party.py`), each with what follows from the event.
 */

import { hex, sha256, unhex } from "./bytes.js";
import { refuse, validOn } from "./parties.js";
import { POLICY_STEPS } from "./policy_rules.js";
import { addDays, ROOT_PARTY, shanghaiDate } from "./subject.js";

/** @typedef {import("./parties.js").Event} Event */
/** @typedef {import("./parties.js").EnrolledKey} EnrolledKey */
/** @typedef {import("./parties.js").Parties} Parties */
/** @typedef {import("./parties.js").Party} Party */
/** @typedef {import("./parties.js").Place} Place */
/** @typedef {import("./policy_rules.js").Step} Step */

/** Checks one more governing event by the rules and takes it in; others are none of their business. Throws `Refuted`,
 *  `Uncheckable`. @param {Parties} parties @param {Event} event @param {Place} place */
export async function takeIn(parties, event, place) {
  if (Object.hasOwn(STEPS, event.type)) await STEPS[event.type](parties, event, place, shanghaiDate(place.recordedAt));
}

// What a registrar may give: every other role decides about others, and is the root's to give.
const GIVEN_BY_REGISTRAR = new Set(["laboratory", "handling_body"]);

/** @type {Record<string, Step>} */
const STEPS = {
  async TrustAnchorsEstablished(parties, event, place, today) {
    if (!place.bootstrap || place.index !== 0 || place.subject !== ROOT_PARTY || parties.anchors !== null) {
      refuse(
        place.index,
        "anchors.first_entry_only",
        "信任根只能由第一条记录确立",
        "trust anchors are established by the first entry of the log",
      );
    }
    if (!event.checkpoint_vkey.startsWith(`${event.origin}+`)) {
      refuse(
        place.index,
        "anchors.origin_mismatch",
        "检查点公钥的名称与日志不一致",
        "the checkpoint verifier key must bear the origin's name",
      );
    }
    parties.anchors = event;
    parties.byId.set(place.subject, { name: event.name_zh, nameEn: event.name_en, roles: new Set(["root"]), keys: [] });
    await addKey(parties, place, event.root_key, {
      officer: event.root_officer,
      validFrom: event.effective_on,
      enrolledOn: today,
    });
  },

  TrustAnchorsSucceeded(parties, event, place) {
    const { index, subject, bootstrap } = place;
    if (bootstrap || subject !== ROOT_PARTY || parties.anchors === null)
      return refuse(
        index,
        "anchors.succession_place",
        "日志密钥的更替由根密钥在 party:root 中声明，不属于章程",
        "the succession of the log's keys is said about party:root, and is no part of the charter",
      );
    if (!event.checkpoint_vkey.startsWith(`${parties.anchors.origin}+`))
      refuse(
        index,
        "anchors.origin_mismatch",
        "检查点公钥的名称与日志不一致",
        "the checkpoint verifier key must bear the origin's name",
      );
    const earliest = Math.max(index + 2, ...parties.successions.map((one) => one.from_size + 1));
    if (event.from_size < earliest)
      refuse(
        index,
        "anchors.succession_too_early",
        `新密钥须从尚未签署的树开始：最早为 ${earliest} 条的树`,
        `the new keys begin with a tree that is not signed yet: that of ${earliest} entries or more`,
      );
    const named = (/** @type {Event} */ one) => [one.checkpoint_vkey, one.receipt_key, one.standing_key];
    const used = [parties.anchors, ...parties.successions].flatMap(named);
    if (new Set([...used, ...named(event)]).size !== new Set(used).size + 3)
      refuse(index, "anchors.key_used", "更替后的日志密钥必须全部是新的", "the keys that succeed are new, all three");
    parties.successions.push(event);
  },

  PartyEnrolled(parties, event, { index, subject }) {
    if (parties.byId.has(subject))
      refuse(index, "party.already_enrolled", "该主体已登记", "this party is already enrolled");
    const enterprise = subject.slice("party:".length);
    const opaque = event.name_zh === enterprise && event.name_en === undefined && event.identifier === undefined;
    if (enterprise.startsWith("local:") && !opaque) {
      refuse(
        index,
        "party.name_opaque",
        "以内部编号登记的企业只写该编号",
        "an enterprise behind an opaque id is named by that id alone",
      );
    }
    parties.byId.set(subject, { name: event.name_zh, nameEn: event.name_en ?? null, roles: new Set(), keys: [] });
  },

  LaboratoryAccredited(parties, event, place) {
    const { index, subject, issuer, roles } = place;
    if (!party(parties, place).roles.has("laboratory"))
      refuse(
        index,
        "accreditation.no_laboratory",
        "该主体没有检验检测机构角色",
        "this party does not hold the role of a laboratory",
      );
    if (issuer === subject && !roles.has("root"))
      refuse(
        index,
        "accreditation.by_itself",
        "登记员不能登记自己的资质认定",
        "a registrar does not record its own accreditation",
      );
    const earlier = parties.accreditations.get(event.cma);
    if (earlier !== undefined && earlier.party !== subject)
      refuse(
        index,
        "accreditation.number_taken",
        `该资质认定编号属于 ${earlier.party}`,
        `this CMA number is that of ${earlier.party}, by entry ${earlier.index}`,
      );
    if (event.valid_until < event.valid_from)
      refuse(index, "accreditation.validity_order", "有效期止早于有效期起", "the validity ends before it begins");
    parties.accreditations.set(event.cma, { party: subject, index });
  },

  async KeyEnrolled(parties, event, place, today) {
    if (party(parties, place).keys.length > 0 && place.issuer !== place.subject && !place.bootstrap)
      refuse(
        place.index,
        "key.further_by_own_key",
        "该主体已有密钥：新密钥须由其现有密钥签名登记，或经等待期恢复",
        "this party has a key: a further one is enrolled by that key, or recovered with its waiting period",
      );
    await unknownKey(parties, place, event.key);
    ordered(place, event.valid_from, event.valid_until);
    await addKey(parties, place, event.key, {
      officer: event.officer,
      validFrom: event.valid_from,
      validUntil: event.valid_until,
      enrolledOn: today,
    });
  },

  async KeyRotated(parties, event, place, today) {
    party(parties, place);
    const old = parties.keys.get(event.replaces);
    if (event.replaces !== place.kid || old === undefined) {
      return refuse(
        place.index,
        "key.rotation_by_another",
        "密钥轮换必须由被替换的密钥签名",
        "a rotation is signed by the key that it replaces",
      );
    }
    await unknownKey(parties, place, event.key);
    ordered(place, today, event.valid_until);
    const kid = await addKey(parties, place, event.key, {
      officer: old.officer,
      validFrom: event.effective_on,
      validUntil: event.valid_until,
      enrolledOn: today,
      rotated: true,
    });
    succeed(old, kid, place.index);
  },

  async KeyRecovered(parties, event, place, today) {
    party(parties, place);
    const lost = keyOf(parties, place, event.replaces);
    if (lost.successor !== null)
      refuse(place.index, "key.already_replaced", "该密钥已有后继密钥", "this key already has a successor");
    await unknownKey(parties, place, event.key);
    const policy = parties.registration.filter((one) => one.from <= today).at(-1);
    if (policy === undefined)
      return refuse(
        place.index,
        "policy.none_in_force",
        "当日没有生效的登记规则",
        "no registration policy is in force today",
      );
    const earliest = addDays(today, policy.recoveryDays);
    if (event.usable_from < earliest) {
      refuse(
        place.index,
        "key.recovery_waits",
        `恢复的密钥最早 ${earliest} 起可用`,
        `a recovered key may be used from ${earliest} at the earliest`,
      );
    }
    ordered(place, event.usable_from, event.valid_until);
    const kid = await addKey(parties, place, event.key, {
      officer: event.officer,
      validFrom: event.usable_from,
      validUntil: event.valid_until,
      usableFrom: event.usable_from,
      enrolledOn: today,
    });
    succeed(lost, kid, place.index);
  },

  KeyRevoked(parties, event, place, today) {
    const { index } = place;
    party(parties, place);
    const key = keyOf(parties, place, event.kid);
    const since = event.compromised_since ?? null;
    if ((event.reason === "compromised") !== (since !== null)) {
      refuse(
        index,
        "key.compromise_needs_date",
        "密钥泄露须写明起始日期，其他原因不写",
        "a compromise names the day since when; other reasons do not",
      );
    }
    if (since !== null && since > today)
      refuse(index, "key.compromise_in_future", "泄露日期不能晚于当日", "a compromise cannot begin later");
    const earlier = since !== null && (key.compromisedSince === null || since < key.compromisedSince);
    if (key.endedAt !== null && !earlier)
      refuse(index, "key.already_ended", "该密钥已停用", "this key was already ended");
    const falling = fallingWith(parties, key, since);
    if (place.subject === ROOT_PARTY && !rootKeysLeft(parties, falling, today)) {
      refuse(index, "key.last_root", "不能停用最后一把根密钥", "the last root key cannot be ended");
    }
    for (const one of falling) {
      one.endedAt ??= index;
      if (since !== null && (one.compromisedSince === null || since < one.compromisedSince))
        one.compromisedSince = since;
    }
  },

  RoleGranted(parties, event, place) {
    const { roles } = party(parties, place);
    roleGiver(event.role, place);
    if (roles.has(event.role))
      refuse(place.index, "role.already_granted", "该主体已有此角色", "the party already has this role");
    roles.add(event.role);
  },

  RoleRevoked(parties, event, place) {
    const { roles } = party(parties, place);
    roleGiver(event.role, place);
    if (!roles.delete(event.role))
      refuse(place.index, "role.not_held", "该主体没有此角色", "the party does not have this role");
  },

  ...POLICY_STEPS,
};

/** @param {Parties} parties @param {Place} place @returns {Party} */
function party(parties, { index, subject, roles }) {
  const found = parties.byId.get(subject);
  if (found === undefined)
    return refuse(index, "party.not_enrolled", "该主体尚未登记", "this party is not enrolled yet");
  if (subject === ROOT_PARTY && !roles.has("root"))
    refuse(
      index,
      "root.by_root_only",
      "根主体的密钥和角色只能由根密钥变更",
      "the root's own keys and roles are changed by the root alone",
    );
  return found;
}

/** @param {Parties} parties @param {Place} place @param {string} kid @returns {EnrolledKey} */
function keyOf(parties, { index, subject }, kid) {
  const key = parties.keys.get(kid);
  if (key === undefined || key.party !== subject)
    return refuse(index, "key.not_of_party", "该主体没有这把密钥", "the party has no such key");
  return key;
}

/** @param {Parties} parties @param {Place} place @param {string} key */
async function unknownKey(parties, { index }, key) {
  if (parties.keys.has(hex(await sha256(unhex(key)))))
    refuse(index, "key.already_enrolled", "这把密钥已登记过", "this key was enrolled before and cannot be used again");
}

/** @param {Place} place @param {string} from @param {string | undefined} until */
function ordered({ index }, from, until) {
  if (until !== undefined && until < from)
    refuse(index, "key.validity_order", "有效期止早于有效期起", "the validity ends before it begins");
}

/** @param {string} role @param {Place} place */
function roleGiver(role, { index, roles, issuer, subject }) {
  if (!roles.has("root") && (!GIVEN_BY_REGISTRAR.has(role) || issuer === subject)) {
    refuse(
      index,
      "role.root_only",
      "登记员只能授予或收回他方的检验检测机构、投诉承办单位角色；其他角色由根密钥授予或收回",
      "a registrar gives and takes the roles of laboratory and handling body, of others; every other role is given and taken by the root alone",
    );
  }
}

/** @param {Parties} parties @param {Place} place @param {string} encoded
 *  @param {{officer: string, validFrom: string, enrolledOn: string, validUntil?: string, usableFrom?: string, rotated?: boolean}} about */
async function addKey(parties, { subject }, encoded, about) {
  const coseKey = unhex(encoded);
  const kid = hex(await sha256(coseKey));
  parties.keys.set(kid, {
    kid,
    coseKey,
    party: subject,
    officer: about.officer,
    enrolledOn: about.enrolledOn,
    validFrom: about.validFrom,
    validUntil: about.validUntil ?? null,
    usableFrom: about.usableFrom ?? null,
    endedAt: null,
    compromisedSince: null,
    successor: null,
    rotated: about.rotated ?? false,
  });
  parties.byId.get(subject)?.keys.push(kid);
  return kid;
}

/** @param {EnrolledKey} old @param {string} successor @param {number} index */
function succeed(old, successor, index) {
  old.successor = successor;
  old.endedAt ??= index;
}

/** The key and, if it was compromised, those rotated from it since that day. @param {Parties} parties
 *  @param {EnrolledKey} key @param {string | null} since @returns {EnrolledKey[]} */
function fallingWith(parties, key, since) {
  const falling = [key];
  let next = key.successor === null ? undefined : parties.keys.get(key.successor);
  while (since !== null && next !== undefined && next.rotated && next.enrolledOn >= since) {
    falling.push(next);
    next = next.successor === null ? undefined : parties.keys.get(next.successor);
  }
  return falling;
}

/** @param {Parties} parties @param {EnrolledKey[]} falling @param {string} today */
function rootKeysLeft(parties, falling, today) {
  const keys = (parties.byId.get(ROOT_PARTY)?.keys ?? []).map(
    (kid) => /** @type {EnrolledKey} */ (parties.keys.get(kid)),
  );
  return keys.some((key) => !falling.includes(key) && key.endedAt === null && validOn(key, today));
}
