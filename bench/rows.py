"""The rows of the benchmark's cases, as SQL: PostgreSQL makes them from the number of the case, nothing is sent to it.

`CORE` draws everything about a case once: whose it is, when it was opened, how far it is. `TABLES` lays out the rows of
each table from that, a range of cases at a time. All that is drawn is a hash of the case's number and of what it is
drawn for, so the same number of cases gives the same rows, whatever runs beside.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from app.auth import TRYOUT_ISSUER

END: Final = datetime(2026, 7, 1, tzinfo=UTC)
BEGIN: Final = END - timedelta(days=3 * 365)
"""The cases were opened evenly between these."""
GIVEN: Final = "Alma,Storm,Karla,Villads,Nor,Ellinor,Bertram,Saga,Vilde,Otto,Liva,Aksel"
FAMILY: Final = "Prøvesen,Testgaard,Eksempelsen,Modelbjerg,Skabelonsen,Øvelund,Attrapholm,Digtersen"
REFERENCES: Final = '[{"system": "journal", "reference": "J-2026-114"}]'
STRIDE: Final = 7_368_787
"""A prime: case by case it leads through all places, so that neighbours in time are of different municipalities."""

HELPERS: Final = f"""
create schema bench;

create function bench.draw(key bigint, what integer, below bigint) returns bigint language sql immutable
return (hashint8extended(key, what) & 9223372036854775807) % below;

-- a UUIDv7 of that moment; rows of one moment are in the order of their place
create function bench.id(at timestamptz, key bigint, what integer, place integer default 0) returns uuid
language sql stable
return ('0' || to_hex(((date_part('epoch', at) * 1000)::bigint << 16) | 28672 | place)
            || to_hex((hashint8extended(key, what * 16 + place) & 4611686018427387903) | (-9223372036854775808)))::uuid;

create function bench.person(key bigint, what integer) returns text language sql immutable
return ('{{{GIVEN}}}'::text[])[1 + bench.draw(key, what, {GIVEN.count(",") + 1})] || ' '
    || ('{{{FAMILY}}}'::text[])[1 + bench.draw(key, what + 1, {FAMILY.count(",") + 1})];

create table bench.towns (town integer primary key, municipality uuid, first bigint, coordinator bigint,
                          coordinators bigint, specialist bigint, specialists bigint, colleague bigint,
                          colleagues bigint);
create table bench.staff (desk bigint primary key, user_id uuid, department uuid, head uuid);
"""
"""`towns` says which places begin where, and which desks are whose (the first one and how many); `staff` who sits
there. Both are filled before `CORE`."""

TEMPLATE: Final = """
create table bench.template as
select t.town, s.id as template, s.version, (step.value ->> 'number')::integer as number,
       coalesce(step.value ->> 'key', 'step_' || (step.value ->> 'number')) as key, step.value ->> 'title' as title,
       step.value ->> 'stage' as stage, (step.value ->> 'optional')::boolean as optional,
       (step.value ->> 'repeatable')::boolean as repeatable, step.value -> 'requires' as requires,
       jsonb_build_object('purpose', step.value -> 'purpose', 'content', step.value -> 'content', 'participants',
                          step.value -> 'participants', 'responsible', step.value -> 'responsible') as cells
from bench.towns t join step_templates s on s.municipality_id = t.municipality and s.model = 'efei',
     jsonb_array_elements(s.steps) step
"""

CORE: Final = f"""
create unlogged table bench.core as
with placed as (
    select g, (g * {STRIDE}) % $cases as place,
           timestamptz '{BEGIN:%Y-%m-%d}Z' + g * (interval '{(END - BEGIN).days} days' / $cases) as opened
    from generate_series(0::bigint, $cases - 1) g
), owned as (
    select p.*, t.*, bench.draw(g, 2, t.colleagues) as helper,
           opened + bench.draw(g, 3, 71) * interval '1 hour' + interval '1 hour' as allocated,
           (array['start_up', 'start_up', 'start_up', 'running', 'running', 'running', 'running', 'running', 'ordinary',
                  'closed'])[1 + bench.draw(g, 4, 10)] as state
    from placed p join bench.towns t on t.town = width_bucket(p.place, $firsts::bigint[]) - 1
)
select o.g, o.town, o.municipality, o.place - o.first as number, o.opened, o.allocated, o.state,
       case when bench.draw(o.g, 5, 10) > 0 then o.allocated + bench.draw(o.g, 6, 6) * interval '1 day'
       end as contacted,
       case when o.state = 'closed' then greatest(o.allocated, least(o.allocated + interval '200 days',
                                                                     timestamptz '{END:%Y-%m-%d}Z')) end as closed,
       case when o.state = 'start_up' then bench.draw(o.g, 7, 4) else 99 end as done,
       bench.id(o.opened, o.g, 1) as id, bench.id(o.opened, o.g, 2) as family, bench.id(o.opened, o.g, 3) as child,
       bench.id(o.opened, o.g, 4) as mother, bench.id(o.opened, o.g, 5) as father, bench.id(o.opened, o.g, 6) as login,
       date '2009-01-01' + bench.draw(o.g, 8, 6200)::integer as born,
       c.user_id as coordinator, c.department, c.head,
       case when bench.draw(o.g, 9, 10) = 0 then f.user_id end as former,
       case when bench.draw(o.g, 15, 10) = 0 then y.user_id end as buddy,
       array[s.user_id, a.user_id, b.user_id] as team, array[s.department, a.department, b.department] as team_homes
from owned o
join bench.staff c on c.desk = o.coordinator + bench.draw(o.g, 10, o.coordinators)
join bench.staff f on f.desk = o.coordinator + bench.draw(o.g, 11, o.coordinators)
join bench.staff y on y.desk = o.coordinator + bench.draw(o.g, 16, o.coordinators)
join bench.staff s on s.desk = o.specialist + bench.draw(o.g, 12, o.specialists)
join bench.staff a on a.desk = o.colleague + o.helper
join bench.staff b on b.desk = o.colleague + (o.helper + 1 + bench.draw(o.g, 13, o.colleagues - 1)) % o.colleagues
order by o.g
"""

FOREVER: Final = "2099-01-01"
PAPERS: Final = """generate_series(0, case when bench.draw(g, 25, 25) = 0 then 71
                               else 6 + bench.draw(g, 26, 3)::integer end) place"""
"""About ten documents a case: mostly seven to nine, and seventy-two in one of twenty-five."""

TABLES: Final = {
    "families": """
insert into families (municipality_id, id, owner_department_id, created_at, created_by)
select municipality, family, department, opened, coordinator from picked""",
    "users": f"""
insert into users (municipality_id, id, kind, issuer, subject, name, active, created_at)
select municipality, login, 'citizen', '{TRYOUT_ISSUER}', login::text, bench.person(g, 20), true, opened
from picked""",
    "members": """
insert into members (municipality_id, id, family_id, kind, relation, name, birth_date, phone, user_id, created_at)
select municipality, person.id, family, person.kind, person.relation, bench.person(g, 20 + person.place), person.born,
       person.phone, person.login, opened
from picked, lateral (values
    (0, mother, 'adult', 'mother', null::date, '70 00 00 01', login),
    (2, father, 'adult', 'father', null, '70 00 00 02', null),
    (4, child, 'child', 'child', born, null, null)
) person (place, id, kind, relation, born, phone, login)""",
    "custodies": """
insert into custodies (municipality_id, id, family_id, child_id, holder_id, source, valid_from, created_at, created_by)
select municipality, bench.id(opened, g, 7, place), family, child, holder, 'civil_registry', born, opened, coordinator
from picked, lateral (values (0, mother), (1, father)) parent (place, holder)""",
    "cases": f"""
insert into cases (municipality_id, id, number, family_id, child_id, owner_department_id, model, state, kle_code,
                   template_id, template_version, external_references, opened_at, opened_by, allocated_at,
                   first_contact_at, closed_at, close_reason)
select municipality, id, to_char(opened, 'YYYY') || '-' || 1000001 + c.number, family, child, department, 'efei', state,
       '27.24.00', t.template, t.version, '{REFERENCES}', opened, coordinator, allocated, contacted, closed,
       case when closed is not null then 'plan_completed' end
from picked c join bench.template t on t.town = c.town and t.number = 1""",
    "assignments": """
insert into assignments (municipality_id, id, case_id, user_id, role, assigned_at, assigned_by, ended_at, end_reason)
select municipality, bench.id(held.since, g, 8, held.place), id, held.by, held.role, held.since, head, held.until,
       held.why
from picked, lateral (values
    (0, former, 'coordinator', opened, allocated, 'changed'), (1, coordinator, 'coordinator', allocated, null, null),
    (2, buddy, 'buddy', allocated, null, null)
) held (place, by, role, since, until, why) where held.by is not null""",
    "team_members": """
insert into team_members (municipality_id, id, case_id, user_id, department_id, profession, joined_at, added_by,
                          left_at, leave_reason)
select municipality, bench.id(allocated, g, 9, place), id, team[place], team_homes[place],
       case place when 1 then 'psychologist' else 'health_visitor' end, allocated, coordinator, closed,
       case when closed is not null then 'case_closed' end
from picked, generate_series(1, 3) place""",
    "steps": """
insert into steps (municipality_id, id, case_id, number, key, title, stage, optional, repeatable, requires, cells,
                   status, holder_id, started_at, completed_at, completed_by)
select municipality, bench.id(opened, g, 10, t.number), id, t.number, t.key, t.title, t.stage, t.optional, t.repeatable,
       t.requires, t.cells, case when t.number <= done then 'done' when t.number = done + 1 then 'started'
       else 'planned' end, coordinator, case when t.number <= done + 1 then allocated end,
       case when t.number <= done then allocated end, case when t.number <= done then coordinator end
from picked c join bench.template t using (town)""",
    "meetings": """
insert into meetings (municipality_id, id, case_id, kind, status, planned_for, chair_id, held_at, attendance,
                      created_at, created_by)
select municipality, bench.id(allocated, g, 11, place), id, 'status', status, allocated + wait, coordinator,
       case status when 'held' then allocated + wait end, '[]', allocated, coordinator
from picked, lateral (values
    (0, 'held', interval '14 days'), (1, 'planned', interval '120 days')
) meeting (place, status, wait)""",
    "contacts": """
insert into contacts (municipality_id, id, case_id, kind, channel, took_place_at, note, recorded_at, recorded_by)
select municipality, bench.id(contacted, g, 12), id, 'first_contact', 'phone', contacted, 'Aftalt møde.', contacted,
       coordinator
from picked where contacted is not null""",
    "callbacks": """
insert into callbacks (municipality_id, id, case_id, status, member_id, wish, asked_at)
select municipality, bench.id(allocated + interval '14 days', g, 13), id, 'waiting', mother, 'Ring helst om morgenen',
       allocated + interval '14 days'
from picked where bench.draw(g, 14, 10) = 0""",
    "coverage_checks": """
insert into coverage_checks (municipality_id, id, case_id, covered, missing_professions, missing_paragraph_sets,
                             checked_at, checked_by)
select municipality, bench.id(allocated, g, 16), id, true, '{}', '{}', allocated, coordinator
from picked where bench.draw(g, 17, 2) = 0""",
    "contact_preferences": """
insert into contact_preferences (municipality_id, id, case_id, intensity, channel, formality, reassure, agreed_on,
                                 review_on, recorded_at, recorded_by)
select municipality, bench.id(contacted, g, 17), id, 'normal', 'phone', 'informal', true, contacted::date,
       contacted::date + 180, contacted, coordinator
from picked where contacted is not null and bench.draw(g, 18, 2) = 0""",
    "role_agreements": """
insert into role_agreements (municipality_id, id, case_id, party, coordinated_by, agreed_on, agreed_with, recorded_at,
                             recorded_by)
select municipality, bench.id(allocated, g, 18, place), id, party, 'adviser', allocated::date, mother, allocated,
       coordinator
from picked, lateral (values (0, 'Skolen'), (1, 'Lægen')) agreed (place, party) where bench.draw(g, 19, 3) = 0""",
    "folders": """
insert into folders (municipality_id, id, case_id, path, name, created_at, created_by)
select municipality, bench.id(allocated, g, 19), id, array[bench.id(allocated, g, 19)], 'Udredning', allocated,
       coordinator
from picked""",
    "documents": f"""
insert into documents (municipality_id, id, number, case_id, folder_id, path, title, category, subjects,
                       owner_department_id, placed_at, described_at, relevance, reviewed_at, reviewed_by, author_only,
                       version, created_at, created_by)
select municipality, bench.id(allocated, g, 20, place), 'D-' || g || '-' || place, id,
       case when filed then bench.id(allocated, g, 19) end,
       case when filed then array[bench.id(allocated, g, 19)] else array[]::uuid[] end,
       'Status ' || place, (array['social', 'school', 'health', 'report'])[1 + place % 4],
       case when place % 10 = 9 then array[child, mother] else array[child] end,
       case when place % 3 = 0 then department else team_homes[1] end, allocated, allocated, 'relevant', allocated,
       coordinator, false, 1, allocated + place * interval '1 day', coordinator
from picked, {PAPERS}, lateral (values (place % 2 = 0)) lies (filed)""",
    "document_versions": f"""
insert into document_versions (municipality_id, id, document_id, case_id, number, file_name, media_type, size, sha256,
                               storage_key, created_at, created_by)
select municipality, bench.id(allocated, g, 21, place), bench.id(allocated, g, 20, place), id, 1, 'status.pdf',
       'application/pdf', 40000 + place, md5(g::text || place) || md5(place::text || g), md5(g::text || '/' || place),
       allocated + place * interval '1 day', coordinator
from picked, {PAPERS}""",
    "bases": f"""
insert into bases (municipality_id, id, kind, case_id, subject_id, purpose, state, recipients, recipient_kinds,
                   categories, folders, documents, covers_later, sources, source_kinds, text, language, expires_on,
                   signers, heard, active_from, active_until, requested_at, created_at, created_by)
select municipality, bench.id(allocated, g, 22, asked.place), 'consent', id, asked.subject, 'assessment',
       case when closed is null then 'active' else 'expired' end, team, array['user', 'user', 'user'],
       array['school', 'health', 'social'], array[bench.id(allocated, g, 19)], array[]::uuid[], true, array[]::uuid[],
       array[]::text[], 'Jeg samtykker til, at teamet læser mappen Udredning.', 'da', date '{FOREVER}',
       array[mother, father], array[]::uuid[], allocated, coalesce(closed, timestamptz '{FOREVER}Z'), allocated,
       allocated, coordinator
from picked, lateral (values (0, child), (1, mother)) asked (place, subject)
where asked.place = 0 or bench.draw(g, 23, 2) = 0""",
    "shares": f"""
insert into shares (municipality_id, id, case_id, document_id, folder_id, recipient_kind, recipient_id, purpose, bases,
                    created_at, created_by)
select municipality, bench.id(allocated, g, 23, place), id, null::uuid, bench.id(allocated, g, 19), 'user', team[place],
       'assessment', array[bench.id(allocated, g, 22, 0)], allocated, coordinator
from picked, generate_series(1, 3) place
union all
select municipality, bench.id(allocated, g, 24, place), id, bench.id(allocated, g, 20, place), null, 'user', team[1],
       'assessment', array[bench.id(allocated, g, 22, 0)], allocated, coordinator
from picked, {PAPERS} where place % 4 = 1""",
    "events": """
insert into events (municipality_id, id, at, type, resource, resource_id, case_id, sequence, actor_id, actor_kind)
select municipality, bench.id(happened.at, g, 14, happened.sequence), happened.at, happened.type, 'case', id, id,
       happened.sequence, happened.by, 'professional'
from picked, lateral (values
    (1, 'case.created', opened, coordinator), (2, 'case.allocated', allocated, head),
    (3, 'step.started', allocated, coordinator)
) happened (sequence, type, at, by)""",
    "counters": """
insert into counters (municipality_id, scope, value) select municipality, 'events:' || id, 3 from picked""",
    "access_log": """
insert into access_log (municipality_id, id, at, outcome, action, resource, resource_ids, rules, case_id, actor_id,
                        actor_kind, actor_roles, actor_departments, request_id)
select municipality, bench.id(looked.at, g, 15, looked.place), looked.at, 'read', 'read', 'case', array[id],
       array['coordinator_of_case'], id, coordinator, 'professional', array['member'], array[department], 'bench'
from picked, lateral (values (0, opened), (1, allocated)) looked (place, at)""",
}
"""What is written for each case."""


def laid_out(table: str) -> str:
    """The statement of one table for the cases from $1 until $2."""
    return f"with picked as (select * from bench.core where g >= $1 and g < $2) {TABLES[table]}"
