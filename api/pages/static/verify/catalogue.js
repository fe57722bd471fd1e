/**
 * All event types: about which kind of subject, by whom and in which form each may be said.
 *
 * As `ledger/domain/rules/catalogue.py` has them: a test compares the two. `self` is the enterprise about itself, `party` the
 * party about itself, `old_key` the key that a rotation replaces; the others are roles.
 */

/** @typedef {{stream: string, signers: string[], form: "open" | "sealed" | "either"}} Line */

/** @type {Record<string, Line>} */
export const CATALOGUE = {
  TrustAnchorsEstablished: { stream: "party", signers: ["root"], form: "open" },
  TrustAnchorsSucceeded: { stream: "party", signers: ["root"], form: "open" },
  PartyEnrolled: { stream: "party", signers: ["registrar", "root"], form: "open" },
  LaboratoryAccredited: { stream: "party", signers: ["registrar", "root"], form: "open" },
  KeyEnrolled: { stream: "party", signers: ["party", "registrar", "root"], form: "open" },
  KeyRotated: { stream: "party", signers: ["old_key"], form: "open" },
  KeyRecovered: { stream: "party", signers: ["registrar", "root"], form: "open" },
  KeyRevoked: { stream: "party", signers: ["registrar", "root"], form: "open" },
  RoleGranted: { stream: "party", signers: ["registrar", "root"], form: "open" },
  RoleRevoked: { stream: "party", signers: ["registrar", "root"], form: "open" },
  RegistrationPolicyAdopted: { stream: "policy", signers: ["organizer"], form: "open" },
  RegistrationPolicyProposed: { stream: "policy", signers: ["organizer"], form: "open" },
  RegistrationPolicyApproved: { stream: "policy", signers: ["approver", "regulator"], form: "open" },
  StandingPolicyProposed: { stream: "policy", signers: ["organizer"], form: "open" },
  StandingPolicyApproved: { stream: "policy", signers: ["approver", "regulator"], form: "open" },
  WorkCalendarPublished: { stream: "policy", signers: ["organizer"], form: "open" },
  CampaignOpened: { stream: "campaign", signers: ["organizer"], form: "open" },
  CampaignCorrected: { stream: "campaign", signers: ["organizer"], form: "open" },
  CampaignExtended: { stream: "campaign", signers: ["organizer"], form: "open" },
  CampaignClosed: { stream: "campaign", signers: ["organizer"], form: "open" },
  CampaignCancelled: { stream: "campaign", signers: ["organizer"], form: "open" },
  NoticePublished: { stream: "campaign", signers: ["organizer"], form: "open" },
  EnterpriseRegistered: { stream: "enterprise", signers: ["organizer"], form: "either" },
  EnterpriseRenamed: { stream: "enterprise", signers: ["organizer"], form: "either" },
  EnterpriseSized: { stream: "enterprise", signers: ["organizer"], form: "open" },
  IdentifierOverridden: { stream: "enterprise", signers: ["organizer"], form: "either" },
  EnterpriseMerged: { stream: "enterprise", signers: ["organizer"], form: "open" },
  EnterpriseDeregistered: { stream: "enterprise", signers: ["organizer"], form: "open" },
  PledgeMade: { stream: "enterprise", signers: ["organizer", "self"], form: "either" },
  PledgePublished: { stream: "enterprise", signers: ["organizer"], form: "either" },
  PledgeReplaced: { stream: "enterprise", signers: ["organizer"], form: "either" },
  PledgeWithdrawn: { stream: "enterprise", signers: ["organizer", "self"], form: "either" },
  PledgeRevoked: { stream: "enterprise", signers: ["organizer"], form: "either" },
  FulfilmentAssessed: { stream: "enterprise", signers: ["organizer"], form: "sealed" },
  ComplaintOutcomeRecorded: { stream: "enterprise", signers: ["handling_body"], form: "sealed" },
  ComplaintReplied: { stream: "enterprise", signers: ["self"], form: "sealed" },
  ComplaintOutcomeCorrected: { stream: "enterprise", signers: ["handling_body"], form: "sealed" },
  StandardDeclared: { stream: "enterprise", signers: ["organizer", "self"], form: "open" },
  StandardRevised: { stream: "enterprise", signers: ["organizer", "self"], form: "open" },
  StandardAbolished: { stream: "enterprise", signers: ["organizer", "self"], form: "open" },
  BelowRecommendedNoted: { stream: "enterprise", signers: ["organizer", "regulator"], form: "sealed" },
  MarkLicensed: { stream: "enterprise", signers: ["organizer"], form: "open" },
  MarkSuspended: { stream: "enterprise", signers: ["organizer"], form: "open" },
  MarkReinstated: { stream: "enterprise", signers: ["organizer"], form: "open" },
  MarkRevoked: { stream: "enterprise", signers: ["organizer"], form: "open" },
  MarkMisuseFound: { stream: "enterprise", signers: ["organizer"], form: "sealed" },
  ProductListed: { stream: "enterprise", signers: ["laboratory", "organizer"], form: "open" },
  ProductDelisted: { stream: "enterprise", signers: ["laboratory", "organizer"], form: "open" },
  ReportSubmitted: { stream: "enterprise", signers: ["laboratory", "organizer", "self"], form: "open" },
  ReportVerified: { stream: "enterprise", signers: ["laboratory", "organizer", "regulator"], form: "open" },
  ReportInvalidated: { stream: "enterprise", signers: ["laboratory", "organizer", "regulator"], form: "sealed" },
  FindingRecorded: { stream: "enterprise", signers: ["organizer", "regulator"], form: "sealed" },
  PublicRecordCited: { stream: "enterprise", signers: ["organizer", "regulator"], form: "sealed" },
  PublicRecordRechecked: { stream: "enterprise", signers: ["organizer", "regulator"], form: "sealed" },
  FindingAnnulled: {
    stream: "enterprise",
    signers: ["handling_body", "laboratory", "organizer", "regulator"],
    form: "sealed",
  },
  BreachFound: { stream: "enterprise", signers: ["organizer"], form: "sealed" },
  BreachCorrected: { stream: "enterprise", signers: ["organizer"], form: "sealed" },
  AgreementPerformed: { stream: "enterprise", signers: ["handling_body"], form: "sealed" },
  AgreementDefaulted: { stream: "enterprise", signers: ["handling_body"], form: "sealed" },
  RepairApplied: { stream: "enterprise", signers: ["self"], form: "sealed" },
  RepairApproved: {
    stream: "enterprise",
    signers: ["handling_body", "laboratory", "organizer", "regulator"],
    form: "sealed",
  },
  RepairRefused: {
    stream: "enterprise",
    signers: ["handling_body", "laboratory", "organizer", "regulator"],
    form: "sealed",
  },
  RepairRescinded: {
    stream: "enterprise",
    signers: ["handling_body", "laboratory", "organizer", "regulator"],
    form: "sealed",
  },
  ObjectionFiled: { stream: "enterprise", signers: ["self"], form: "sealed" },
  ObjectionUpheld: {
    stream: "enterprise",
    signers: ["approver", "handling_body", "organizer", "regulator"],
    form: "sealed",
  },
  ObjectionRejected: {
    stream: "enterprise",
    signers: ["approver", "handling_body", "organizer", "regulator"],
    form: "sealed",
  },
  StatementRepudiated: {
    stream: "enterprise",
    signers: [
      "approver",
      "data_officer",
      "handling_body",
      "laboratory",
      "organizer",
      "regulator",
      "root",
      "self",
    ],
    form: "open",
  },
  EntryMisattributed: { stream: "enterprise", signers: ["organizer", "regulator", "root"], form: "open" },
  BodyErased: { stream: "enterprise", signers: ["data_officer"], form: "open" },
  LegalHoldPlaced: { stream: "enterprise", signers: ["data_officer"], form: "open" },
  LegalHoldReleased: { stream: "enterprise", signers: ["data_officer"], form: "open" },
  AttachmentAdded: {
    stream: "enterprise",
    signers: ["handling_body", "laboratory", "organizer", "regulator", "self"],
    form: "open",
  },
  AttachmentErased: { stream: "enterprise", signers: ["data_officer"], form: "open" },
  AnnexTakenDown: { stream: "enterprise", signers: ["data_officer"], form: "open" },
  HistoryGivenUp: { stream: "map", signers: ["log_operator", "root"], form: "open" },
  MapRootPublished: { stream: "map", signers: ["log_operator"], form: "open" },
  AccessDigestPublished: { stream: "access", signers: ["log_operator"], form: "open" },
};

/**
 * Whether `issuer`, who holds `roles`, may say this about `subject`.
 *
 * @param {Line} line @param {string} issuer @param {string} subject @param {ReadonlySet<string>} roles @returns {boolean}
 */
export function entitles(line, issuer, subject, roles) {
  if (line.signers.some((one) => roles.has(one))) return true;
  const byItself = line.signers.includes("self") && issuer === `party:${subject}`;
  return byItself || (issuer === subject && line.signers.some((one) => one === "party" || one === "old_key"));
}
