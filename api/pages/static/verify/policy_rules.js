/**
 * What may be said about policies and the map: the rules that registration applied, once more
 * (`ledger/domain/rules/policy.py`, `map_rules.py`), each with what follows from the event.
 *
 * Not the inside of a standing policy: whether it can be applied to everybody, an audit checks.
 */

import { unhex } from "./bytes.js";
import { MAP_ROOTS_KEPT_MAX } from "./limits.js";
import { refuse } from "./parties.js";

/** @typedef {import("./parties.js").Event} Event */
/** @typedef {import("./parties.js").Parties} Parties */
/** @typedef {import("./parties.js").Place} Place */
/** @typedef {(parties: Parties, event: Event, place: Place, today: string) => void | Promise<void>} Step */

/** @type {Record<string, Step>} */
export const POLICY_STEPS = {
  RegistrationPolicyAdopted(parties, event, place, today) {
    notRetroactive(event, place, today);
    parties.registration.push({ from: event.effective_on, index: place.index, recoveryDays: event.key_recovery_days });
    parties.registration.sort((one, other) =>
      one.from < other.from ? -1 : one.from > other.from ? 1 : one.index - other.index,
    );
  },

  StandingPolicyProposed(parties, _event, { index, issuer, kid }) {
    parties.proposals.set(index, { issuer, kid, approved: false });
  },

  StandingPolicyApproved(parties, event, place, today) {
    const proposal = parties.proposals.get(event.proposal);
    if (proposal === undefined)
      return refuse(
        place.index,
        "policy.no_such_proposal",
        "该条记录不是践诺规则的提案",
        "that entry is not a proposal of a standing policy",
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
    notRetroactive(event, place, today);
    proposal.approved = true;
    parties.standingPolicies.add(place.index);
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

/** @param {Event} event @param {Place} place @param {string} today */
function notRetroactive(event, { index, bootstrap }, today) {
  if (event.effective_on < today && !bootstrap)
    refuse(index, "policy.retroactive", "规则不溯及既往", "a policy is never retroactive");
}
