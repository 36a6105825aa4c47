"""Who may see and change which rows: the application's role, row-level security, the audit log.

Two roles without a login, shared by all databases of a server:

- `patchwork_app`: what the web application works as. It owns nothing and is bound by every policy.
- `patchwork_keeper`: what scheduled jobs and the functions below work as; it sees all teams.
"""

from __future__ import annotations

from alembic import op

revision = "2026_11_26_row_security"
down_revision = "2026_11_26_people"
branch_labels = None
depends_on = None

# Rows that belong to a team and are seen by its members alone. The first group hangs on a
# resident: hidden with the resident.
OF_A_RESIDENT = ("resident_interests", "offers", "connection_residents", "visit_residents")
OF_A_TEAM = (
    "connections", "connection_notes", "connection_times", "connection_changes", "visits",
    "calendar_feeds", "erasures",
)  # fmt: skip
# A calendar's secret address shows these, and nothing of any resident.
IN_THE_CALENDAR = ("connections", "connection_times", "connection_changes")
PROTECTED = ("residents", *OF_A_RESIDENT, *OF_A_TEAM, "unmet_interests", "audit_log")

VERSIONED = ("accounts", "teams", "residents", "connections", "connection_times", "visits")

# What the application may do to each table. Accounts and memberships are ended, never deleted.
READ_ONLY = (
    "alembic_version", "activities", "area_figures", "area_lookups", "area_parts", "areas", "assets", "checks",
    "gentler_alternatives", "import_problems", "import_runs", "interest_words", "interests",
    "postcodes", "public_activities", "public_assets", "schedules", "sources",
)  # fmt: skip
KEPT = ("accounts", "teams", "memberships", "invitations", "identities")
FREE = (
    "sign_in_sessions", "sign_in_links", "sign_in_attempts", "residents", *OF_A_RESIDENT,
    "connections", "connection_notes", "connection_times", "connection_changes", "visits",
    "calendar_feeds", "unmet_interests",
)  # fmt: skip
GROWING = ("audit_log", "erasures")

# A role may be made in another database of the server at this very moment: that is no failure.
MAKE_ROLES = """
DO $$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['patchwork_app', 'patchwork_keeper'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', wanted);
      EXCEPTION
        WHEN duplicate_object OR unique_violation THEN NULL;
        WHEN insufficient_privilege THEN
          RAISE EXCEPTION 'Patchwork needs the database roles patchwork_app and patchwork_keeper'
            USING HINT = 'Ask the administrator to run: CREATE ROLE patchwork_app NOLOGIN; CREATE'
              ' ROLE patchwork_keeper NOLOGIN; GRANT patchwork_app, patchwork_keeper TO '
              || quote_ident(current_user) || ';';
      END;
    END IF;
    IF NOT pg_has_role(current_user, wanted, 'MEMBER') THEN
      EXECUTE format('GRANT %I TO %I', wanted, current_user);
    END IF;
  END LOOP;
END $$
"""

# After a transaction a setting made in it is '', not NULL: hence nullif.
FUNCTIONS = {
    "my_account_id()": """
        RETURNS uuid LANGUAGE sql STABLE AS $$
          SELECT nullif(current_setting('patchwork.account_id', true), '')::uuid
        $$""",
    "my_team_ids()": """
        RETURNS uuid[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
          SELECT coalesce(array_agg(m.team_id), '{}')
          FROM memberships m JOIN accounts a ON a.id = m.account_id
          WHERE a.id = my_account_id() AND a.disabled_at IS NULL AND m.ended_at IS NULL
            AND m.role IN ('coordinator', 'manager', 'connector')
        $$""",
    "my_managed_team_ids()": """
        RETURNS uuid[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
          SELECT coalesce(array_agg(m.team_id), '{}')
          FROM memberships m JOIN accounts a ON a.id = m.account_id
          WHERE a.id = my_account_id() AND a.disabled_at IS NULL AND m.ended_at IS NULL
            AND m.role = 'manager'
        $$""",
    "my_calendar_team_id()": """
        RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
          SELECT team_id FROM calendar_feeds
          WHERE token = nullif(current_setting('patchwork.calendar', true), '')
        $$""",
    # The rule for numbers about residents (0, fewer than 8, or rounded to 5). NULL: fewer than 8.
    "rounded_count(exact bigint)": """
        RETURNS int LANGUAGE sql IMMUTABLE AS $$
          SELECT CASE WHEN exact = 0 THEN 0 WHEN exact >= 8 THEN (round(exact / 5.0) * 5)::int END
        $$""",
    "check_special_interest()": """
        RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
        BEGIN
          IF EXISTS (SELECT FROM interests WHERE id = NEW.interest_id AND is_special_category)
             AND NOT EXISTS (SELECT FROM residents
                             WHERE id = NEW.resident_id AND special_basis IS NOT NULL) THEN
            RAISE EXCEPTION 'an interest that shows faith, health or the like needs its own basis'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'special_interest_has_a_basis';
          END IF;
          RETURN NEW;
        END $$""",
    "drop_special_interests()": """
        RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
        BEGIN
          DELETE FROM resident_interests r USING interests i
            WHERE r.resident_id = NEW.id AND i.id = r.interest_id AND i.is_special_category;
          RETURN NULL;
        END $$""",
    # Of an update: which columns changed. Values never: they are what has to be erasable.
    "audit_change()": """
        RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
        DECLARE
          was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
          new_row jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
          row_now jsonb := coalesce(new_row, was);
          changed text[] := '{}';
        BEGIN
          IF TG_OP = 'UPDATE' THEN
            SELECT coalesce(array_agg(n.key ORDER BY n.key), '{}') INTO changed
            FROM jsonb_each(new_row) n
            WHERE n.value IS DISTINCT FROM was -> n.key
              AND n.key NOT IN ('version', 'updated_at', 'point_27700', 'last_seen_at');
            IF changed = '{}' THEN
              RETURN NULL;
            END IF;
          END IF;
          INSERT INTO audit_log (account_id, team_id, action, subject, subject_id, columns)
          VALUES (my_account_id(), (row_now ->> 'team_id')::uuid, lower(TG_OP), TG_TABLE_NAME,
                  (row_now ->> TG_ARGV[0])::uuid, changed);
          RETURN NULL;
        END $$""",
    "refuse_change()": """
        RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'the audit log only grows';
        END $$""",
}
AS_KEEPER = ("my_team_ids()", "my_managed_team_ids()", "my_calendar_team_id()")

# Table and the column that names what a change is about.
AUDITED = {
    "residents": "id",
    "resident_interests": "resident_id",
    "offers": "resident_id",
    "connection_residents": "resident_id",
    "visit_residents": "resident_id",
    "connections": "id",
    "connection_notes": "connection_id",
    "connection_times": "connection_id",
    "connection_changes": "connection_id",
    "visits": "connection_id",
    "accounts": "id",
    "memberships": "account_id",
    "teams": "id",
    "calendar_feeds": "team_id",
}

MINE = "team_id = ANY ((SELECT my_team_ids())::uuid[])"
# Row-level security applies inside this question too: a hidden resident hides what hangs on them.
RESIDENT_IS_SEEN = "EXISTS (SELECT FROM residents r WHERE r.id = resident_id)"


def upgrade() -> None:
    """Make the roles and functions, then protect the tables."""
    op.execute(MAKE_ROLES)
    for signature, body in FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {signature} {body}")
    op.execute("GRANT USAGE, CREATE ON SCHEMA public TO patchwork_keeper")
    for signature in AS_KEEPER:
        op.execute(f"ALTER FUNCTION {signature} OWNER TO patchwork_keeper")
    op.execute("REVOKE CREATE ON SCHEMA public FROM patchwork_keeper")
    op.execute("GRANT USAGE ON SCHEMA public TO patchwork_app")
    _grant()
    _protect()
    _watch()


def _grant() -> None:
    op.execute(
        f"GRANT SELECT ON {', '.join((*READ_ONLY, *KEPT, *FREE, *GROWING))} TO patchwork_app"
    )
    op.execute(f"GRANT INSERT, UPDATE ON {', '.join((*KEPT, *FREE))} TO patchwork_app")
    op.execute(f"GRANT DELETE ON {', '.join(FREE)} TO patchwork_app")
    op.execute(f"GRANT INSERT ON {', '.join(GROWING)} TO patchwork_app")
    op.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO patchwork_keeper")
    kept_too = ", ".join((*KEPT, *FREE))
    op.execute(f"GRANT INSERT, UPDATE, DELETE ON {kept_too} TO patchwork_keeper")
    op.execute(f"GRANT INSERT ON {', '.join(GROWING)} TO patchwork_keeper")


def _protect() -> None:
    for table in PROTECTED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY keeper ON {table} TO patchwork_keeper USING (true)")
    own = "CREATE POLICY own_team ON {} TO patchwork_app USING ({})"
    op.execute(own.format("residents", f"withdrawn_at IS NULL AND {MINE}"))
    for table in OF_A_RESIDENT:
        op.execute(own.format(table, f"{MINE} AND {RESIDENT_IS_SEEN}"))
    for table in OF_A_TEAM:
        op.execute(own.format(table, MINE))
    for table in IN_THE_CALENDAR:
        op.execute(
            f"CREATE POLICY calendar ON {table} FOR SELECT TO patchwork_app"
            " USING (team_id = (SELECT my_calendar_team_id()))"
        )
    # Anybody's question may find nothing; what was asked for whom, only the team knows.
    op.execute(
        "CREATE POLICY anybody_may_add ON unmet_interests FOR INSERT TO patchwork_app"
        f" WITH CHECK (team_id IS NULL OR {MINE})"
    )
    op.execute(own.format("unmet_interests", f"{MINE} AND {RESIDENT_IS_SEEN}"))
    op.execute(
        "CREATE POLICY anybody_may_add ON audit_log FOR INSERT TO patchwork_app"
        " WITH CHECK (account_id IS NOT DISTINCT FROM (SELECT my_account_id()))"
    )
    op.execute(
        "CREATE POLICY managers_read ON audit_log FOR SELECT TO patchwork_app"
        " USING (team_id = ANY ((SELECT my_managed_team_ids())::uuid[]))"
    )


def _watch() -> None:
    for table in VERSIONED:
        op.execute(
            f"CREATE TRIGGER bump_version BEFORE UPDATE ON {table} FOR EACH ROW"
            " WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION bump_version()"
        )
    for table, column in AUDITED.items():
        op.execute(
            f"CREATE TRIGGER audit_change AFTER INSERT OR UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION audit_change('{column}')"
        )
    op.execute(
        "CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER check_special_interest BEFORE INSERT OR UPDATE ON resident_interests"
        " FOR EACH ROW EXECUTE FUNCTION check_special_interest()"
    )
    op.execute(
        "CREATE TRIGGER drop_special_interests AFTER UPDATE OF special_basis ON residents"
        " FOR EACH ROW WHEN (NEW.special_basis IS NULL) EXECUTE FUNCTION drop_special_interests()"
    )


def downgrade() -> None:
    """Take everything back but the roles: other databases of the server may use them."""
    for table in VERSIONED:
        op.execute(f"DROP TRIGGER bump_version ON {table}")
    for table in AUDITED:
        op.execute(f"DROP TRIGGER audit_change ON {table}")
    for table in PROTECTED:
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY")
    # Policies go first: they use the functions.
    op.execute(
        """
        DO $$
        DECLARE p record;
        BEGIN
          FOR p IN SELECT policyname, tablename FROM pg_policies WHERE schemaname = 'public' LOOP
            EXECUTE format('DROP POLICY %I ON %I', p.policyname, p.tablename);
          END LOOP;
        END $$
        """
    )
    for signature in FUNCTIONS:
        op.execute(f"DROP FUNCTION {signature} CASCADE")
    op.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM patchwork_app, patchwork_keeper")
    op.execute("REVOKE ALL ON SCHEMA public FROM patchwork_app, patchwork_keeper")
