//! From what the core says to what the store writes.

use readmit_recovery::account::DeviceStatus;
use readmit_recovery::case::{Case, Standing, Transition};
use readmit_recovery::command::{Command, TokenPurpose};
use readmit_recovery::factor::Factor;
use readmit_recovery::id::DeliveryId;
use readmit_recovery::time::Timestamp;
use readmit_store::{CaseRow, Entry, OutboxItem, StoredCase, Write};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::Fault;
use super::authentication::forget_wrong_passwords;
use super::counting::count_unknown_failure;
use super::payload::Payload;

/// The channel of deliveries that are only pretended: no plugin has it.
pub(super) const PRETENCE: &str = "none";

/// The writes of one transition, and what is to be done beside the store once they are committed.
#[derive(Default)]
pub(super) struct Effects {
    pub(super) writes: Vec<Write>,
    pub(super) cancelled: Vec<DeliveryId>,
    pub(super) alerts: Vec<&'static str>,
    pub(super) delivers: bool,
}

/// How the case's row is written.
pub(super) enum Row {
    Insert,
    Update { revision: u64 },
}

pub(super) fn effects(transition: &Transition, row: &Row, now: Timestamp) -> Result<Effects, Fault> {
    let case = &transition.case;
    let mut effects = Effects::default();
    let case_row = to_row(case)?;
    effects.writes.push(match row {
        Row::Insert => Write::InsertCase(case_row),
        Row::Update { revision } => Write::UpdateCase { row: case_row, revision: *revision },
    });
    for command in &transition.commands {
        add(&mut effects, case, command, now)?;
    }
    for record in &transition.records {
        let detail =
            record.detail.iter().map(|(name, value)| ((*name).to_owned(), Value::String(value.clone())));
        effects.writes.push(Write::Journal(Entry {
            kind: record.kind.to_owned(),
            case: Some(case.id.handle()),
            account: Some(case.account.clone()),
            detail: detail.collect::<Map<_, _>>(),
        }));
    }
    Ok(effects)
}

fn add(effects: &mut Effects, case: &Case, command: &Command, now: Timestamp) -> Result<(), Fault> {
    let account = case.account.clone();
    let locale = || case.facts.client.locale.clone().unwrap_or_else(|| "en".to_owned());
    let write = match command {
        Command::SendMessage(message) => {
            effects.delivers = true;
            let fields =
                message.fields.iter().map(|(name, value)| ((*name).to_owned(), value.expose().to_owned()));
            let payload = Payload::Message {
                to: message.to.as_str().to_owned(),
                purpose: message.purpose.as_str().to_owned(),
                locale: locale(),
                fields: fields.collect(),
            };
            Write::Enqueue(item(case, &message.id, &message.channel, now, message.deadline, &payload)?)
        }
        Command::PlaceCall(call) => {
            effects.delivers = true;
            let payload = Payload::Call {
                to: call.to.as_str().to_owned(),
                locale: locale(),
                digits: call.digits,
                tries: u8::try_from(call.tries).unwrap_or(u8::MAX),
            };
            Write::Enqueue(item(case, &call.id, "voice", now, call.deadline, &payload)?)
        }
        Command::PretendDelivery { id, disposition, ends_at } => {
            effects.delivers = true;
            let payload = Payload::Pretence { disposition: *disposition };
            Write::Enqueue(item(case, id, PRETENCE, now, *ends_at, &payload)?)
        }
        Command::CancelDelivery(id) => {
            effects.cancelled.push(id.clone());
            return Ok(());
        }
        Command::RegisterToken(token) => {
            let (purpose, challenge) = match token.purpose {
                TokenPurpose::Link { challenge } => (readmit_store::TokenPurpose::Link, challenge),
                TokenPurpose::Veto => (readmit_store::TokenPurpose::Veto, 0),
            };
            Write::AddToken {
                hash: token.hash,
                purpose,
                case: case.id.clone(),
                challenge,
                expires_at: token.expires_at,
            }
        }
        Command::CountFailure(factor) => {
            if case.standing == Standing::Decoy {
                effects.writes.push(count_unknown_failure(&account, factor));
            }
            Write::CountFailure { account, factor: factor.clone() }
        }
        Command::ClearFailures(factor) => {
            if *factor == Factor::Password {
                effects.writes.push(forget_wrong_passwords(&account));
            }
            Write::ClearFailures { account, factor: factor.clone() }
        }
        Command::DeactivateDevice(id) => {
            Write::DeviceStatus { id: id.clone(), status: DeviceStatus::Deactivated }
        }
        Command::ReactivateDevice(id) => Write::DeviceStatus { id: id.clone(), status: DeviceStatus::Active },
        Command::DeleteDevice(id) => Write::DeleteDevice(id.clone()),
        Command::AddDevice { device, secret, drift, last_step } => Write::AddDevice {
            device: device.clone(),
            secret: secret.clone(),
            drift: *drift,
            last_step: *last_step,
        },
        Command::ReplaceRecoveryCodes(hashes) => {
            Write::ReplaceRecoveryCodes { account, hashes: hashes.clone() }
        }
        Command::IssuePass { hash, expires_at } => {
            // What was wrong about earlier passes says nothing about this one.
            let forgotten = Write::ClearFailures { account: account.clone(), factor: Factor::Pass };
            effects.writes.push(forgotten);
            Write::IssuePass { account, hash: *hash, expires_at: *expires_at }
        }
        Command::RevokeSessions => {
            effects.alerts.push("revoke_sessions");
            return Ok(());
        }
        Command::RaiseAlert(kind) => {
            effects.alerts.push(kind);
            return Ok(());
        }
    };
    effects.writes.push(write);
    Ok(())
}

fn item(
    case: &Case,
    id: &DeliveryId,
    channel: &str,
    not_before: Timestamp,
    deadline: Timestamp,
    payload: &Payload,
) -> Result<OutboxItem, Fault> {
    Ok(OutboxItem {
        id: id.clone(),
        case: Some(case.id.clone()),
        channel: channel.to_owned(),
        at_most_once: payload.is_at_most_once(),
        not_before,
        deadline,
        payload: payload.to_bytes()?,
    })
}

fn to_row(case: &Case) -> Result<CaseRow, Fault> {
    Ok(CaseRow {
        id: case.id.clone(),
        account: case.account.clone(),
        state: case.state.as_str().to_owned(),
        reason: case.reason.as_str().to_owned(),
        policy: case.policy.clone(),
        opened_at: case.opened_at,
        next_deadline: case.next_deadline(),
        closed: case.state.is_final(),
        body: Zeroizing::new(serde_json::to_vec(case).map_err(|error| malformed(&error))?),
    })
}

/// What ends an open case of a store that was put back to an earlier state; nothing for one that is over.
///
/// # Errors
/// [`Fault`] if the case cannot be read.
pub fn ended_by_restore(stored: &StoredCase) -> Result<Vec<Write>, Fault> {
    let case = from_row(&stored.row)?;
    let while_state = case.state.as_str();
    let Some(ended) = case.ended_by_restore() else { return Ok(Vec::new()) };
    let detail = [("while", while_state), ("because", "the store was put back to an earlier state")];
    let mut writes = vec![
        Write::UpdateCase { row: to_row(&ended.case)?, revision: stored.revision },
        Write::Journal(Entry {
            kind: "expired".to_owned(),
            case: Some(case.id.handle()),
            account: Some(case.account.clone()),
            detail: detail.map(|(key, value)| (key.to_owned(), Value::from(value))).into_iter().collect(),
        }),
    ];
    writes.extend(ended.reactivated.map(|id| Write::DeviceStatus { id, status: DeviceStatus::Active }));
    Ok(writes)
}

/// The case in a stored row.
pub(super) fn from_row(row: &CaseRow) -> Result<Case, Fault> {
    serde_json::from_slice(&row.body).map_err(|error| malformed(&error))
}

fn malformed(error: &serde_json::Error) -> Fault {
    // The error names a position and a kind, never a value.
    tracing::error!(line = error.line(), column = error.column(), "a case cannot be written or read");
    Fault::internal()
}
