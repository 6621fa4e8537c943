//! Between columns and values. SQLite's integers are signed, ours are not.

use readmit_recovery::time::Timestamp;
use rusqlite::{Row, RowIndex};

use crate::error::{CommitError, StoreError};

/// A number as a column. What does not fit (times after the year 292 billion) is the largest that does.
pub(super) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A time as a column.
pub(super) fn time(value: Timestamp) -> i64 {
    number(value.unix())
}

/// A column as a number.
pub(super) fn to_number(row: &Row<'_>, index: impl RowIndex) -> Result<u64, StoreError> {
    let value: i64 = row.get(index)?;
    Ok(u64::try_from(value).unwrap_or(0))
}

/// A column as a small number; more than fits is the largest that does.
pub(super) fn to_count(row: &Row<'_>, index: impl RowIndex) -> Result<u32, StoreError> {
    let value = to_number(row, index)?;
    Ok(u32::try_from(value).unwrap_or(u32::MAX))
}

/// A column as a time.
pub(super) fn to_time(row: &Row<'_>, index: impl RowIndex) -> Result<Timestamp, StoreError> {
    to_number(row, index).map(Timestamp::from_unix)
}

/// A column as a time, if there is one.
pub(super) fn to_time_if_any(row: &Row<'_>, index: impl RowIndex) -> Result<Option<Timestamp>, StoreError> {
    let value: Option<i64> = row.get(index)?;
    Ok(value.map(|value| Timestamp::from_unix(u64::try_from(value).unwrap_or(0))))
}

/// A duplicate key is the caller's; everything else is ours.
pub(super) fn exists_or_failed(error: rusqlite::Error) -> CommitError {
    let duplicate = matches!(
        &error,
        rusqlite::Error::SqliteFailure(failure, _)
            if failure.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE
                || failure.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
    );
    if duplicate { CommitError::Exists } else { error.into() }
}
