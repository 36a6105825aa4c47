"""Withdrawing, erasing, the history of one resident, and skills offered to groups.

The policies hide a withdrawn resident from everybody, so what has to reach one past them is a
function of `patchwork_keeper`'s that asks itself whose the resident is.
"""

from __future__ import annotations

from alembic import op

revision = "2026_11_26_residents"
down_revision = "2026_11_26_sign_in"
branch_labels = None
depends_on = None

# Texts of a team in which somebody may have written a reference, in either way of writing it.
FREE_TEXTS = {
    "connections": (
        "welcomed_by", "contact_name", "next_step", "promised", "what_worked",
    ),
    "connection_notes": ("text",),
    "visits": ("sentence",),
}  # fmt: skip
OF_A_RESIDENT = (
    "offers", "resident_interests", "connection_residents", "visit_residents", "unmet_interests",
)  # fmt: skip

BLACK_OUT = "\n".join(
    f"""
          UPDATE {table} SET
            {", ".join(f"{name} = regexp_replace({name}, written, '[erased]', 'gi')" for name in names)}
          WHERE team_id = gone.team_id AND ({" OR ".join(f"{name} ~* written" for name in names)});"""
    for table, names in FREE_TEXTS.items()
)
# One by one: a row taken along by a foreign key would be counted nowhere.
DELETE_ROWS = "\n".join(
    f"""
          DELETE FROM {table} WHERE resident_id = gone.id;
          GET DIAGNOSTICS lost = ROW_COUNT;
          rows_gone := rows_gone + lost;"""
    for table in OF_A_RESIDENT
)

FUNCTIONS = {
    # For the team's members. Returns the day of erasure; NULL: there is no such resident of theirs.
    "withdraw_resident(given uuid)": """
        RETURNS date LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
        DECLARE
          erased_on date;
        BEGIN
          UPDATE residents SET withdrawn_at = now(), erase_after = current_date + 30
            WHERE id = given AND withdrawn_at IS NULL AND team_id = ANY (my_team_ids())
            RETURNING erase_after INTO erased_on;
          IF erased_on IS NOT NULL THEN
            DELETE FROM offers WHERE resident_id = given;
          END IF;
          RETURN erased_on;
        END $$""",
    # For managers, until the day of erasure. Returns whether there was something to undo.
    "undo_withdrawal(given_team uuid, given_reference text)": """
        RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
        BEGIN
          UPDATE residents SET withdrawn_at = NULL, erase_after = NULL
            WHERE reference = given_reference AND erase_after > current_date
              AND team_id = given_team AND team_id = ANY (my_managed_team_ids());
          RETURN FOUND;
        END $$""",
    # For managers: the days alone. Whoever holds the reference needs no list, nobody else may.
    "withdrawals(given_team uuid)": """
        RETURNS TABLE (withdrawn_on date, erase_after date)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
          SELECT r.withdrawn_at::date, r.erase_after FROM residents r
          WHERE r.withdrawn_at IS NOT NULL
            AND r.team_id = given_team AND r.team_id = ANY (my_managed_team_ids())
          ORDER BY r.erase_after
        $$""",
    # Erases one resident and returns the receipt's id. Not SECURITY DEFINER: for the keeper alone.
    "erase_one(given uuid)": f"""
        RETURNS uuid LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
        DECLARE
          gone residents;
          written text;
          lost bigint;
          rows_gone bigint := 1;
          receipt uuid;
        BEGIN
          SELECT * INTO gone FROM residents WHERE id = given FOR UPDATE;
          IF NOT FOUND THEN
            RETURN NULL;
          END IF;
          written := left(gone.reference, 4) || '\\W*' || right(gone.reference, 4);
          {BLACK_OUT}
          {DELETE_ROWS}
          DELETE FROM residents WHERE id = gone.id;
          INSERT INTO erasures (team_id, reference_digest, erased_by, rows_erased)
            VALUES (gone.team_id, sha256(convert_to(gone.reference, 'UTF8')), my_account_id(),
                    rows_gone)
            RETURNING id INTO receipt;
          RETURN receipt;
        END $$""",
    # For managers, withdrawn or not. NULL: there is no such resident of theirs.
    "erase_resident(given_team uuid, given_reference text)": """
        RETURNS uuid LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
          SELECT erase_one(r.id) FROM residents r
          WHERE r.reference = given_reference
            AND r.team_id = given_team AND r.team_id = ANY (my_managed_team_ids())
        $$""",
    # What the audit log holds about one resident, for any member of the team: part of an export.
    "history_of_resident(given uuid)": """
        RETURNS TABLE (at timestamptz, action text, subject text, columns text[], by_whom text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
          SELECT l.at, l.action, l.subject, l.columns, a.name
          FROM residents r
          JOIN audit_log l ON l.subject_id = r.id
          LEFT JOIN accounts a ON a.id = l.account_id
          WHERE r.id = given AND r.withdrawn_at IS NULL AND r.team_id = ANY (my_team_ids())
          ORDER BY l.at, l.id
        $$""",
    # For everybody: what care homes within 5 km offer a group that shares the interest; never who.
    "offers_near(given_asset uuid)": """
        RETURNS TABLE (home_id uuid, home_name text, label text, phone text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
          WITH shared AS MATERIALIZED (
            SELECT g.point_27700,
                   g.interest_ids || ARRAY(
                     -- By the organizer: the view's place_id has no index.
                     SELECT unnest(v.interest_ids) FROM activities v
                     JOIN assets run_by ON run_by.id = v.organizer_id AND run_by.gone_at IS NULL
                     WHERE (run_by.id = g.id OR run_by.duplicate_of = g.id) AND v.gone_at IS NULL
                   ) AS interest_ids
            FROM public_assets g WHERE g.id = given_asset AND g.kind <> 'care_home'
          )
          SELECT DISTINCT h.id, h.name, i.label, h.phone
          FROM shared s
          -- A gardening club shares roses and allotments too.
          JOIN interests i ON NOT i.is_special_category
            AND (i.id = ANY (s.interest_ids) OR i.broader_id = ANY (s.interest_ids))
          JOIN offers o ON o.interest_id = i.id
          JOIN residents r ON r.id = o.resident_id AND r.withdrawn_at IS NULL
          JOIN teams t ON t.id = o.team_id
          JOIN public_assets h ON h.id = t.home_id AND ST_DWithin(h.point_27700, s.point_27700, 5000)
          ORDER BY h.name, i.label, h.id
        $$""",
    # An offer says no more than the resident does: they could share it, and it shows no faith.
    "check_offer()": """
        RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
        BEGIN
          IF NOT EXISTS (
            SELECT FROM resident_interests r JOIN interests i ON i.id = r.interest_id
            WHERE r.resident_id = NEW.resident_id AND r.interest_id = NEW.interest_id
              AND r.stance = 'could_share' AND NOT i.is_special_category
          ) THEN
            RAISE EXCEPTION 'only what a resident could share is offered, and never faith or health'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'offer_could_be_shared';
          END IF;
          RETURN NEW;
        END $$""",
    "end_offer()": """
        RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
        BEGIN
          DELETE FROM offers
            WHERE resident_id = NEW.resident_id AND interest_id = NEW.interest_id;
          RETURN NULL;
        END $$""",
}
AS_KEEPER = (
    "withdraw_resident(uuid)", "undo_withdrawal(uuid, text)", "withdrawals(uuid)",
    "erase_resident(uuid, text)", "history_of_resident(uuid)", "offers_near(uuid)",
)  # fmt: skip


def upgrade() -> None:
    """Make the functions and triggers."""
    for signature, body in FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {signature} {body}")
    op.execute("REVOKE ALL ON FUNCTION erase_one(uuid) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION erase_one(uuid) TO patchwork_keeper")
    op.execute("GRANT CREATE ON SCHEMA public TO patchwork_keeper")
    for signature in AS_KEEPER:
        op.execute(f"ALTER FUNCTION {signature} OWNER TO patchwork_keeper")
    op.execute("REVOKE CREATE ON SCHEMA public FROM patchwork_keeper")
    op.execute(
        "CREATE TRIGGER check_offer BEFORE INSERT OR UPDATE ON offers"
        " FOR EACH ROW EXECUTE FUNCTION check_offer()"
    )
    op.execute(
        "CREATE TRIGGER end_offer AFTER UPDATE OF stance ON resident_interests FOR EACH ROW"
        " WHEN (NEW.stance <> 'could_share') EXECUTE FUNCTION end_offer()"
    )


def downgrade() -> None:
    """Take them back."""
    op.execute("DROP TRIGGER end_offer ON resident_interests")
    op.execute("DROP TRIGGER check_offer ON offers")
    for signature in FUNCTIONS:
        name, _, given = signature.partition("(")
        types = ", ".join(part.split()[-1] for part in given.rstrip(")").split(", ") if part)
        op.execute(f"DROP FUNCTION {name}({types})")
