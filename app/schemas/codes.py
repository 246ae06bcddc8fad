"""The codes of every enumeration on the wire. Their labels in da and en stand in `templates/labels.yaml`."""

from typing import Literal

CaseModel = Literal["efei", "sof", "none"]
CaseState = Literal["draft", "start_up", "running", "ordinary", "transition", "closed"]
StepStatus = Literal["planned", "started", "done", "skipped"]
ActorKind = Literal["professional", "citizen", "service"]
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
    "member", "professional_head", "team_leader", "department_head", "controller", "auditor", "administrator"
]
MemberKind = Literal["child", "adult"]
MemberRelation = Literal[
    "mother", "father", "parent", "step_parent", "sibling", "grandparent", "child", "foster_parent", "other"
]
CustodySource = Literal["civil_registry", "court", "agreement", "told_by_family", "other"]
AssignmentRole = Literal["coordinator", "primary_adviser"]
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
GoalEndState = Literal["achieved", "partly", "not_achieved", "not_relevant"]
StageGroup = Literal["start_up", "running"]
CallbackStatus = Literal["waiting", "answered"]
StageStatus = Literal["upcoming", "current", "done"]
AccessOutcome = Literal["read", "write", "refused"]
