/**
 * What may be said about policies and the map: the rules that registration applied, once more
 * (`ledger/domain/rules/policy.py`, `completeness_map.py`), each with what follows from the event.
 *
 * Not the inside of a standing policy: whether it can be applied to everybody, an audit checks.
 */

import { unhex } from "./bytes.js";
import {
  COMPLAINT_NOTICE_WORKING_DAYS_MIN,
  KEY_RECOVERY_DAYS_MIN,
  MAP_ROOTS_KEPT_MAX,
  PLEDGE_MONTHS_MIN,
} from "./limits.js";
import { refuse } from "./parties.js";

/** @typedef {import("./parties.js").Event} Event */
/** @typedef {import("./parties.js").Parties} Parties */
/** @typedef {import("./parties.js").Place} Place */
/** @typedef {(parties: Parties, event: Event, place: Place, today: string) => void | Promise<void>} Step */

/** @type {Record<string, Step>} */
export const POLICY_STEPS = {
  RegistrationPolicyAdopted(parties, event, place) {
    if (!place.bootstrap)
      refuse(
        place.index,
        "policy.needs_approval",
        "登记规则须由组织方提案、另一主体批准；只有章程可以直接采用",
        "a registration policy is proposed, and approved by another party; a charter alone adopts one",
      );
    aboveFloors(event, place);
    inForce(parties, event, place, event.key_recovery_days);
  },

  RegistrationPolicyProposed(parties, event, place) {
    aboveFloors(event.policy, place);
    const { index, issuer, kid } = place;
    const recoveryDays = event.policy.key_recovery_days;
    parties.registrationProposals.set(index, { issuer, kid, approved: false, recoveryDays });
  },

  RegistrationPolicyApproved(parties, event, place, today) {
    const proposal = openProposal(parties, parties.registrationProposals, event, place);
    notRetroactive(event, place, today);
    proposal.approved = true;
    inForce(parties, event, place, proposal.recoveryDays);
  },

  StandingPolicyProposed(parties, _event, { index, issuer, kid }) {
    parties.proposals.set(index, { issuer, kid, approved: false });
  },

  StandingPolicyApproved(parties, event, place, today) {
    const proposal = openProposal(parties, parties.proposals, event, place);
    notRetroactive(event, place, today);
    proposal.approved = true;
    parties.standingPolicies.add(place.index);
  },

  HistoryGivenUp(_parties, event, { index }) {
    if (event.kept_size !== index)
      refuse(
        index,
        "history.not_the_next",
        "放弃历史的声明须紧接在保留的记录之后",
        "a history is given up directly after what is kept",
      );
  },

  MapRootPublished(parties, event, { index }) {
    const newest = parties.mapRoots.at(-1);
    if (event.tree_size > index)
      refuse(index, "map.covers_itself", "映射根只能覆盖本条之前的记录", "a map root covers entries before its own");
    if (newest !== undefined && event.tree_size <= newest.treeSize)
      refuse(index, "map.not_growing", "新的映射根须覆盖更多", "a new map root covers more");
    parties.mapRoots.push({ index, treeSize: event.tree_size, root: unhex(event.root), subjects: event.subjects });
    if (parties.mapRoots.length > MAP_ROOTS_KEPT_MAX) parties.mapRoots.shift();
  },
};

/**
 * @template {{issuer: string, kid: string, approved: boolean}} Proposal
 * @param {Parties} parties @param {Map<number, Proposal>} proposals @param {Event} event @param {Place} place
 * @returns {Proposal} not approved before, of another party and another person
 */
function openProposal(parties, proposals, event, place) {
  const proposal = proposals.get(event.proposal);
  if (proposal === undefined)
    return refuse(
      place.index,
      "policy.no_such_proposal",
      "该条记录不是此类规则的提案",
      "that entry is not a proposal of a policy of this kind",
    );
  if (proposal.approved)
    refuse(place.index, "policy.already_approved", "该提案已批准", "the proposal was already approved");
  if (proposal.issuer === place.issuer || parties.keys.get(proposal.kid)?.officer === place.officer) {
    refuse(
      place.index,
      "policy.own_proposal",
      "提案者不能批准自己的提案",
      "a proposal is approved by another party and another person than proposed it",
    );
  }
  return proposal;
}

/** @param {Parties} parties @param {Event} event @param {Place} place @param {number} recoveryDays */
function inForce(parties, event, { index }, recoveryDays) {
  parties.registration.push({ from: event.effective_on, index, recoveryDays });
  parties.registration.sort((one, other) =>
    one.from < other.from ? -1 : one.from > other.from ? 1 : one.index - other.index,
  );
}

/** @param {{[field: string]: any}} policy for registration @param {Place} place */
function aboveFloors(policy, { index }) {
  if (policy.complaint_notice_working_days < COMPLAINT_NOTICE_WORKING_DAYS_MIN)
    refuse(index, "policy.notice_floor", "公布前的告知期过短", "too few working days of notice before publication");
  if (policy.key_recovery_days < KEY_RECOVERY_DAYS_MIN)
    refuse(index, "policy.recovery_floor", "密钥恢复的等待期过短", "a recovered key waits for too few days");
  if (policy.pledge_months_max < PLEDGE_MONTHS_MIN)
    refuse(index, "policy.pledge_months_floor", "承诺有效期上限过短", "pledges may last for too few months");
}

/** @param {Event} event @param {Place} place @param {string} today */
function notRetroactive(event, { index, bootstrap }, today) {
  if (event.effective_on < today && !bootstrap)
    refuse(index, "policy.retroactive", "规则不溯及既往", "a policy is never retroactive");
}
