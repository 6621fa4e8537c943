//! `readmit top` in a real terminal: it draws, draws again, ends by `q`, and leaves the terminal as it found it, whatever
//! ended it.

use serde_json::{Value, json};

use crate::fake::{Call, Fake, Reply};
use crate::health::status;
use crate::terminal::Screen;

/// The other screen, without a cursor and with long lines cut; and back.
const ENTER: &str = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l";
const LEAVE: &str = "\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l";

/// A daemon whose journal grows by one with each look; more than so many are answered with an error.
fn growing(looks: u64) -> impl FnMut(&Call) -> Reply + Send + 'static {
    let mut seen = 0;
    move |call| match call.method.as_str() {
        "Manager1.Status" => {
            seen += 1;
            if seen > looks {
                return Reply::Error("org.readmit.Error.Unavailable", "it is shutting down");
            }
            let mut status: Value = status();
            status["journal"]["seq"] = json!(100 + seen);
            Reply::Value(status)
        }
        "Cases1.Watch" | "Audit1.Watch" => Reply::Value(json!(null)),
        other => panic!("{other}"),
    }
}

fn start(fake: &Fake) -> Screen {
    let mut screen = Screen::start(&fake.address, &["top", "--every", "1"]);
    screen.wait_for(ENTER);
    screen.wait_for("entry 101");
    assert!(!screen.echoes() && !screen.takes_lines(), "keys count as they are pressed, and are not shown");
    screen
}

/// Waits for the end, and holds the terminal against what it was.
fn is_left_as_it_was(mut screen: Screen, code: i32) -> String {
    screen.wait_for(LEAVE);
    screen.wait_for_end();
    assert!(screen.echoes() && screen.takes_lines());
    let (_, after) = screen.text.split_once(LEAVE).unwrap();
    let after = after.to_owned();
    assert!(!after.contains('\u{1b}'), "nothing is drawn after that: {after:?}");
    assert_eq!(screen.end(), code);
    after
}

#[test]
fn it_draws_again_and_again_until_q() {
    let fake = Fake::start(growing(u64::MAX));
    let mut screen = start(&fake);
    screen.wait_for("entry 102");
    screen.wait_for("a minute: ");
    let drawn = screen.text.clone();
    assert!(drawn.matches("\u{1b}[H").count() >= 2, "from the upper left: {drawn:?}");
    assert!(!drawn.contains("\u{1b}[2J"), "what stands there is written over, so that nothing flickers");
    // Other keys do nothing.
    screen.type_in("xyz");
    screen.wait_for("entry 10");
    screen.type_in("q");
    assert_eq!(is_left_as_it_was(screen, 0), "");
    let watched: Vec<String> = fake.calls().into_iter().map(|call| call.method).collect();
    assert!(watched.contains(&"Cases1.Watch".to_owned()) && watched.contains(&"Audit1.Watch".to_owned()));
}

#[test]
fn ctrl_c_gives_the_terminal_back() {
    let fake = Fake::start(growing(u64::MAX));
    let mut screen = start(&fake);
    screen.type_in("\u{3}");
    assert!(is_left_as_it_was(screen, 130).contains("error: interrupted"));
}

#[test]
fn an_error_is_told_on_the_terminal_that_was_given_back() {
    let fake = Fake::start(growing(1));
    let screen = start(&fake);
    let told = is_left_as_it_was(screen, 7);
    assert!(told.contains("error: it is shutting down") && told.contains("hint: "), "{told:?}");
}

/// A screen that is too low shows the beginning, and never scrolls.
#[test]
fn it_takes_no_more_lines_than_there_are() {
    let fake = Fake::start(growing(u64::MAX));
    let mut screen = Screen::start_sized(&fake.address, &["top", "--every", "3600"], 5);
    screen.wait_for("\u{1b}[J");
    let (_, drawn) = screen.text.split_once("\u{1b}[H").unwrap();
    assert_eq!(drawn.lines().count(), 4, "{drawn:?}");
    screen.type_in("Q");
    is_left_as_it_was(screen, 0);
}
