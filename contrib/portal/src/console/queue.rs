//! `/`: the recoveries that wait for people.

use std::sync::Arc;

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::routing::get;
use axum::{Extension, Router};
use maud::{Markup, html};
use serde::{Deserialize, Serialize};

use super::frame::{self, ago, badge, foreign, word};
use super::staff::{Filter, Order};
use super::views::Row;
use super::{Console, live, refusals};
use crate::desk::DeskError;
use crate::limits::{CONSOLE_ROWS, CONSOLE_WORD_BYTES};
use crate::pages::parts::{self, Field, Wrong};
use crate::web::{Page, Portal, Problem, Visit};

/// What can be shown beside what waits for people.
const SHOWN: [&str; 11] = [
    "escalated",
    "open",
    "proving",
    "held",
    "recovered",
    "completed",
    "denied",
    "vetoed",
    "cancelled",
    "expired",
    "all",
];

pub(super) fn routes() -> Router<Arc<Portal>> {
    Router::new().route("/", get(show))
}

/// Which part of the queue is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Asked {
    show: String,
    account: String,
    order: String,
    page: u32,
}

async fn show(
    visit: Visit,
    Extension(console): Extension<Arc<Console>>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Page, Problem> {
    let Query(asked) = asked.unwrap_or_default();
    let (found, error) = match rows(&console, &asked).await {
        Ok(found) => (found, String::new()),
        // Nothing else that is asked for here can be malformed.
        Err(DeskError::InvalidArgument(_)) => (Vec::new(), visit.say("console-account-wrong")),
        Err(error) => return refusals::page(&visit, &console, error, "Cases1.List"),
    };
    let title = visit.say("console-queue");
    let address = asked.address(asked.page);
    let shown = found.len().min(CONSOLE_ROWS as usize).to_string();
    let part = live::Part {
        here: &format!("/{address}"),
        events: &format!("/events{address}"),
        version: &version_of(&found),
        say: &visit.say_with("console-refreshed", &[("count", &shown)]),
    };
    let content = html! {
        h1 { (title) }
        (filter(&visit, &asked, &error))
        (part.draw(&visit, &table(&visit, &found)))
        (pages(&visit, &asked, found.len()))
    };
    if error.is_empty() {
        return Ok(frame::page(&visit, &console, &title, &content));
    }
    let wrong = [Wrong { field: "account", message: &error }];
    Ok(frame::page_with_errors(&visit, &console, &title, &wrong, &content))
}

/// The rows that were asked for, and one more where there are more.
pub(super) async fn rows(console: &Console, asked: &Asked) -> Result<Vec<Row>, DeskError> {
    let offset = asked.page.saturating_mul(CONSOLE_ROWS);
    console.staff.list(&asked.filter(), offset, CONSOLE_ROWS + 1).await
}

/// What the rows are known by.
pub(super) fn version_of(rows: &[Row]) -> String {
    let seen: Vec<_> = rows.iter().map(|row| (handle_of(row), &row.state, row.next_deadline)).collect();
    live::version(seen)
}

impl Asked {
    fn shown(&self) -> &'static str {
        SHOWN.iter().find(|known| **known == self.show).copied().unwrap_or(SHOWN[0])
    }

    fn order(&self) -> Order {
        if self.order == "newest" { Order::Newest } else { Order::Oldest }
    }

    fn filter(&self) -> Filter {
        let (state, open) = match self.shown() {
            "all" => (None, None),
            "open" => (None, Some(true)),
            state => (Some(state.to_owned()), None),
        };
        let account: String = self.account.trim().chars().take(CONSOLE_WORD_BYTES).collect();
        Filter { state, open, account: (!account.is_empty()).then_some(account), order: self.order() }
    }

    /// The address of a page of the same.
    fn address(&self, page: u32) -> String {
        let order = if self.order() == Order::Newest { "newest" } else { "oldest" };
        let asked = Self {
            show: self.shown().to_owned(),
            account: self.filter().account.unwrap_or_default(),
            order: order.to_owned(),
            page,
        };
        format!("?{}", serde_urlencoded::to_string(asked).unwrap_or_default())
    }
}

fn filter(visit: &Visit, asked: &Asked, error: &str) -> Markup {
    let order = asked.order();
    html! {
        form method="get" action="/" class="filter" {
            div class="field" {
                label for="show" { (visit.say("console-show")) }
                select id="show" name="show" {
                    @for shown in SHOWN {
                        option value=(shown) selected[shown == asked.shown()] {
                            (visit.say(&format!("console-show-{shown}")))
                        }
                    }
                }
            }
            (parts::field(Field {
                name: "account",
                label: &visit.say("console-account"),
                error,
                autocomplete: "off",
                value: &asked.account,
                ..Field::default()
            }))
            div class="field" {
                label for="order" { (visit.say("console-order")) }
                select id="order" name="order" {
                    option value="oldest" selected[order == Order::Oldest] { (visit.say("console-oldest")) }
                    option value="newest" selected[order == Order::Newest] { (visit.say("console-newest")) }
                }
            }
            (parts::secondary(&visit.say("console-show-them")))
        }
    }
}

fn table(visit: &Visit, rows: &[Row]) -> Markup {
    if rows.is_empty() {
        return html! { p { (visit.say("console-nothing")) } };
    }
    html! {
        table class="queue" {
            caption class="visually-hidden" { (visit.say("console-queue")) }
            thead {
                tr {
                    @for key in ["account", "state", "reason", "opened", "ends"] {
                        th scope="col" { (visit.say(&format!("console-column-{key}"))) }
                    }
                }
            }
            tbody {
                @for row in rows.iter().take(CONSOLE_ROWS as usize) { (line(visit, row)) }
            }
        }
    }
}

fn handle_of(row: &Row) -> &str {
    row.case.as_deref().unwrap_or_default()
}

fn line(visit: &Visit, row: &Row) -> Markup {
    let handle = handle_of(row);
    let state = row.state.as_deref().unwrap_or_default();
    let opened = row.opened_at.unwrap_or_default();
    let label = |key: &str| visit.say(&format!("console-column-{key}"));
    html! {
        tr {
            td data-label=(label("account")) {
                a href={ "/case/" (handle) } { (foreign(row.account.as_deref().unwrap_or_default())) }
            }
            td data-label=(label("state")) { (badge(visit, state)) }
            td data-label=(label("reason")) { (word(visit, "reason", row.reason.as_deref().unwrap_or_default())) }
            td data-label=(label("opened")) { (parts::time(opened)) " " span class="ago" { (ago(visit, opened)) } }
            td data-label=(label("ends")) { @if let Some(deadline) = row.next_deadline { (parts::time(deadline)) } }
        }
    }
}

fn pages(visit: &Visit, asked: &Asked, found: usize) -> Markup {
    let more = found > CONSOLE_ROWS as usize;
    html! {
        @if more || asked.page > 0 {
            nav class="pages" aria-label=(visit.say("console-pages")) {
                @if let Some(before) = asked.page.checked_sub(1) {
                    a rel="prev" href=(asked.address(before)) { (visit.say("console-before")) }
                }
                " "
                @if more {
                    a rel="next" href=(asked.address(asked.page.saturating_add(1))) { (visit.say("console-after")) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_what_waits_for_people() {
        let asked = Asked { show: "<b>".into(), order: "x".into(), account: " a&b ".into(), page: 2 };
        let filter = asked.filter();
        assert_eq!(filter.state.as_deref(), Some("escalated"));
        assert_eq!(filter.account.as_deref(), Some("a&b"));
        assert_eq!(filter.order, Order::Oldest);
        assert_eq!(asked.address(3), "?show=escalated&account=a%26b&order=oldest&page=3");
        let open = Asked { show: "open".into(), order: "newest".into(), ..Asked::default() };
        assert_eq!((open.filter().state, open.filter().open), (None, Some(true)));
        assert_eq!(open.order(), Order::Newest);
        let all = Asked { show: "all".into(), ..Asked::default() };
        assert_eq!(all.filter(), Filter::default());
        let long = Asked { account: "x".repeat(CONSOLE_WORD_BYTES + 1), ..Asked::default() };
        assert_eq!(long.filter().account.unwrap().len(), CONSOLE_WORD_BYTES);
    }
}
