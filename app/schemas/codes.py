"""The codes of every enumeration on the wire. Their labels in da and en stand in `templates/labels.yaml`."""

from typing import Literal

CaseModel = Literal["efei", "sof", "none"]
CaseState = Literal["draft", "start_up", "running", "ordinary", "transition", "closed"]
StepStatus = Literal["planned", "started", "done", "skipped"]
TemplateChange = Literal["added", "removed", "moved", "changed"]
ActorKind = Literal["professional", "citizen", "service"]
OrganisationKind = Literal[
    "school", "day_care", "hospital", "therapy", "residence", "relief_care", "association", "general_practice", "other"
]
DepartmentKind = Literal[
    "child_disability",
    "children_and_youth",
    "school_psychology",
    "health_care",
    "employment",
    "adult_authority",
    "family_treatment",
    "school",
    "day_care",
    "administration",
    "other",
]
Sector = Literal["social", "education", "health", "employment", "administration", "other"]
Profession = Literal[
    "social_adviser",
    "psychologist",
    "health_visitor",
    "speech_hearing_consultant",
    "family_therapist",
    "employment_social_worker",
    "adult_social_worker",
    "child_youth_social_worker",
    "teacher",
    "pedagogue",
    "physiotherapist",
    "occupational_therapist",
    "controller",
    "administrator",
    "other",
]
UserRole = Literal[
    "member",
    "professional_head",
    "team_leader",
    "department_head",
    "development_consultant",
    "controller",
    "auditor",
    "administrator",
]
MemberKind = Literal["child", "adult", "network"]
MemberRelation = Literal[
    "mother",
    "father",
    "parent",
    "step_parent",
    "sibling",
    "grandparent",
    "child",
    "foster_parent",
    "aunt_uncle",
    "friend",
    "neighbour",
    "volunteer",
    "other",
]
RelationKind = Literal[
    "parent",
    "step_parent",
    "foster_parent",
    "sibling",
    "half_sibling",
    "step_sibling",
    "grandparent",
    "aunt_uncle",
    "partner",
    "former_partner",
    "guardian",
    "friend",
    "other",
]
CustodyKind = Literal["joint", "sole", "temporary", "guardianship"]
Employment = Literal[
    "full_time", "part_time", "lost_earnings", "sick_leave", "unemployed", "student", "retired", "other"
]
CustodySource = Literal["civil_registry", "court", "agreement", "told_by_family", "other"]
AssignmentRole = Literal["coordinator", "primary_adviser", "buddy", "deputy"]
TeamMemberKind = Literal["permanent", "ad_hoc"]
CoordinatedBy = Literal["family", "adviser", "shared"]
DeviationKind = Literal[
    "caseload_over_norm", "step_started_early", "paragraph_sets_missing", "contact_despite_agreement"
]
CaseWarning = Literal[
    "coordinator_absent",
    "single_person",
    "coverage_missing",
    "paragraph_sets_missing",
    "team_member_only_one",
    "coordinator_lacks_knowledge",
    "preference_review_due",
    "role_agreement_review_due",
]
ConcernLevel = Literal["low", "medium", "high", "acute"]
ComplexityLevel = Literal["low", "medium", "high"]
ComplexityReason = Literal["own_rating", "many_parties", "many_sectors"]
ComplexitySuggestion = Literal["buddy", "sof"]
Impairment = Literal["significant_and_lasting", "invasive_chronic_or_long", "neither", "unclear"]
TargetGroup = Literal["inside", "outside", "unclear"]
ContactIntensity = Literal["close", "normal", "space"]
ContactFormality = Literal["formal", "informal"]
ImportKind = Literal["departments", "users", "cases"]
ImportStatus = Literal["checked", "refused", "done", "discarded"]
AssignmentEndReason = Literal["changed", "left_position", "other"]
CloseReason = Literal[
    "plan_completed",
    "family_moved",
    "family_declined",
    "transferred_adult",
    "not_in_target_group",
    "opened_in_error",
    "other",
]
MeetingKind = Literal["assessment", "analysis", "gathering", "network", "status", "other"]
MeetingStatus = Literal["planned", "held", "cancelled"]
ContactKind = Literal["first_contact", "follow_up", "informal", "other"]
ContactChannel = Literal["phone", "video", "visit", "meeting", "letter", "digital_post", "app", "other"]
AttendeeKind = Literal["family", "professional"]
MeasureCategory = Literal["measure", "compensating"]
MeasureStatus = Literal["planned", "started", "ended", "dropped"]
GoalEndState = Literal["achieved", "partly", "not_achieved", "not_relevant"]
StageGroup = Literal["start_up", "running"]
CallbackStatus = Literal["waiting", "answered"]
StageStatus = Literal["upcoming", "current", "done"]
DocumentCategory = Literal[
    "health",
    "school",
    "social",
    "employment",
    "economy",
    "report",
    "minutes",
    "decision",
    "application",
    "own",
    "correspondence",
    "other",
]
Relevance = Literal["unreviewed", "relevant", "not_relevant"]
SharePurpose = Literal["assessment", "planning", "support", "decision", "follow_up", "transition", "analysis"]
RecipientKind = Literal["user", "department", "organisation", "member"]
SourceKind = Literal["department", "organisation"]
ConsentState = Literal[
    "draft",
    "requested",
    "active",
    "declined",
    "withdrawn",
    "expired",
    "superseded",
    "renewal_needed",
    "cancelled",
    "ended",
]
ConsentAnswer = Literal["approved", "declined", "withdrawn"]
ConsentGiven = Literal["digital", "paper", "oral"]
BasisKind = Literal["consent", "statute"]
StatutoryState = Literal["requested", "active", "declined", "withdrawn", "expired"]
ConsentLack = Literal[
    "not_asked", "awaiting_signatures", "declined", "ended", "newer_content", "other_scope", "not_shared"
]
AccessKind = Literal["professional", "service", "citizen", "department", "organisation"]
GuestKind = Literal["network", "meeting"]
ReviewDecision = Literal["approved", "rejected"]
LegalUse = Literal["share", "withhold", "delay_notice"]
InformationRequestStatus = Literal["requested", "fulfilled", "declined", "cancelled"]
ApplicationStatus = Literal["draft", "submitted", "in_progress", "granted", "partly_granted", "refused", "withdrawn"]
BallWith = Literal["family", "coordinator", "authority", "nobody"]
StatementAudience = Literal["author", "coordinator", "team"]
StatementGiven = Literal["written", "told", "with_aids"]
AccessOutcome = Literal["read", "write", "refused", "failed"]
SettingType = Literal["text", "number", "bool", "code", "list", "date", "object"]
