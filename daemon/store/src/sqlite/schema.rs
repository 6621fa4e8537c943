//! The schema, in numbered steps. A step once released never changes; the next change is a new step.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::cases;
use crate::error::StoreError;

const STEPS: [&str; 9] = [
    include_str!("../../migrations/0001_accounts.sql"),
    include_str!("../../migrations/0002_cases.sql"),
    include_str!("../../migrations/0003_journal.sql"),
    include_str!("../../migrations/0004_policies.sql"),
    include_str!("../../migrations/0005_shadow.sql"),
    include_str!("../../migrations/0006_activation.sql"),
    include_str!("../../migrations/0007_case_handles.sql"),
    include_str!("../../migrations/0008_upkeep.sql"),
    include_str!("../../migrations/0009_pauses.sql"),
];

/// Marks the file as ours: "Rdmt".
const APPLICATION_ID: i64 = 0x5264_6d74;

/// The newest schema that this program knows.
pub(super) const KNOWN: i64 = STEPS.len() as i64;

/// The schema of a database that is ours, 0 if it is empty.
pub(super) fn version(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let failed = StoreError::opening(path);
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let found = pragma("user_version").map_err(&failed)?;
    let application = pragma("application_id").map_err(&failed)?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(&failed)?;
    if application != APPLICATION_ID && (found != 0 || application != 0 || tables != 0) {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    if found > KNOWN {
        let copy = super::upgrade::usable_copy(path, KNOWN);
        return Err(StoreError::Newer { found, known: KNOWN, copy });
    }
    Ok(found)
}

/// Brings the database to the newest schema, all steps in one transaction.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let (found, known) = (version(connection, path)?, KNOWN);
    if found == known {
        return Ok(());
    }
    let failed = |to| move |source| StoreError::Migration { to, source };
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed(known))?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed(known))?;
    for (index, step) in STEPS.iter().enumerate().skip(usize::try_from(found).unwrap_or(0)) {
        let to = index as i64 + 1;
        transaction.execute_batch(step).map_err(failed(to))?;
        transaction.pragma_update(None, "user_version", to).map_err(failed(to))?;
    }
    cases::fill_handles(&transaction).map_err(failed(known))?;
    transaction.commit().map_err(failed(known))?;
    tracing::info!(from = found, to = known, "the database has a new schema");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(connection: &Connection) -> i64 {
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    #[test]
    fn every_step_leads_to_the_same_schema() {
        let schema = |connection: &Connection| -> Vec<String> {
            let mut statement =
                connection.prepare("SELECT sql FROM sqlite_schema WHERE sql NOT NULL ORDER BY name").unwrap();
            statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        let mut whole = Connection::open_in_memory().unwrap();
        migrate(&mut whole, Path::new("whole")).unwrap();
        for steps in 1..=STEPS.len() {
            let mut connection = Connection::open_in_memory().unwrap();
            for step in &STEPS[..steps] {
                connection.execute_batch(step).unwrap();
            }
            connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
            connection.pragma_update(None, "user_version", steps as i64).unwrap();
            migrate(&mut connection, Path::new("part")).unwrap();
            assert_eq!(version(&connection), STEPS.len() as i64);
            assert_eq!(schema(&connection), schema(&whole), "from step {steps}");
        }
    }

    #[test]
    fn cases_from_before_handles_have_theirs() {
        let mut connection = Connection::open_in_memory().unwrap();
        for step in &STEPS[..6] {
            connection.execute_batch(step).unwrap();
        }
        connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        connection.pragma_update(None, "user_version", 6).unwrap();
        connection
            .execute_batch(
                "INSERT INTO cases (id, account, state, reason, policy, opened_at, closed, revision, body)
                 VALUES ('c', 'alice', 'proving', 'lost', 'v', 0, 0, 1, x''), ('d', 'bob', 'denied', 'lost', 'v', 0, 1, 1, x'')",
            )
            .unwrap();
        migrate(&mut connection, Path::new("part")).unwrap();
        let mut statement = connection.prepare("SELECT id, handle FROM cases ORDER BY number").unwrap();
        let found: Vec<(String, String)> = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let wanted = ["c", "d"].map(|id| (id.to_owned(), crate::sqlite::cases::handle_of(id).unwrap()));
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_step_that_fails_leaves_the_database_as_it_was() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(STEPS[0]).unwrap();
        connection.execute_batch("CREATE TABLE outbox (x)").unwrap();
        connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        let refused = migrate(&mut connection, Path::new("part")).unwrap_err();
        assert!(matches!(refused, StoreError::Migration { to: 2, .. }), "{refused}");
        assert_eq!(version(&connection), 1);
        let cases: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'cases'", [], |row| row.get(0))
            .unwrap();
        assert_eq!(cases, 0);
    }
}
