//! Finding the journeys, and putting together what is the same.

use readmit_recovery::plan::Plan;
use readmit_recovery::rules::Rules;

use super::told::{Terminal, failures, step_name};
use super::{DrawError, Picture};
use crate::fact::Fact;
use crate::limits::MOST_FAILURES_WALKED;
use crate::set::PolicySet;
use crate::workbench::course::{Answer, Course, End, Way, walk};
use crate::workbench::regions::{Universe, conditions};
use crate::workbench::verify::{Class, Domain, explore};
use crate::workbench::words;

/// Cases that begin alike.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    /// Which: any of these, each as one line.
    pub when: Vec<String>,
    /// What happens to them.
    pub leads: Leads,
}

/// Where a lane leads.
#[derive(Clone, Debug)]
pub(super) enum Leads {
    /// To an end at once.
    End(Terminal),
    /// Through steps.
    Steps { steps: Vec<Step>, endings: Vec<Ending> },
}

/// One step.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// One thing to prove, and what follows when it fails.
    One { name: String, fails: Vec<String> },
    /// Some of several rows of steps.
    Any { need: u8, of: Vec<Vec<Self>> },
}

/// How a lane ends, once its steps are done.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    /// When: any of these; empty where it always does.
    pub when: Vec<String>,
    /// Where it leads.
    pub terminal: Terminal,
}

pub(super) fn find(
    set: &PolicySet,
    realm: &str,
    rules: &Rules,
    limit: usize,
    progress: &mut dyn FnMut(u64),
) -> Result<Picture, DrawError> {
    let file_of = |realm: &str| {
        let own =
            |name: &str| set.realms().find(|(realm, _)| *realm == name).map(|(_, file)| file.to_owned());
        own(realm).or_else(|| own("default"))
    };
    let file = file_of(realm).ok_or_else(|| DrawError::NoPolicy(realm.to_owned()))?;
    let domain = Domain::of(set.sources(), &file);
    let times = domain.largest_count(MOST_FAILURES_WALKED).max(2) + 1;
    let mut done = 0;
    let found = explore(realm, &domain, limit, |branching| {
        let start = branching.class().start().clone();
        // A default that looks at the realm is drawn for this one only.
        let is_here = start.facts.account.realm == realm;
        let course = is_here.then(|| {
            walk(&start, set.version(), rules, times, &mut |question| {
                let watched = set.decide_watched(question);
                branching.look(&watched.facts);
                let by_disposition = watched.facts.contains(&Fact::FailureDisposition)
                    || watched.facts.contains(&Fact::Failures);
                Answer { verdict: watched.decision.verdict, by_disposition }
            })
        });
        done += 1;
        progress(done);
        course
    })?;
    let found: Vec<(Class, Course)> =
        found.into_iter().filter_map(|(class, course)| Some((class, course?))).collect();
    let classes = found.len() as u64;
    let version = set.version().to_string();
    Ok(Picture { realm: realm.to_owned(), file, version, classes, lanes: lanes(&found) })
}

fn lanes(found: &[(Class, Course)]) -> Vec<Lane> {
    let universe = Universe::of(found.iter().map(|(class, _)| class));
    let begin_alike = |one: &Course, other: &Course| {
        one.plan == other.plan
            && one.ended.as_ref().map(Terminal::of) == other.ended.as_ref().map(Terminal::of)
            && failures(&one.failures) == failures(&other.failures)
    };
    let mut lanes: Vec<Vec<&(Class, Course)>> = Vec::new();
    for one in found {
        match lanes.iter_mut().find(|lane| lane.first().is_some_and(|first| begin_alike(&first.1, &one.1))) {
            Some(lane) => lane.push(one),
            None => lanes.push(vec![one]),
        }
    }
    let mut drawn: Vec<Lane> = lanes.iter().filter_map(|lane| drawn(lane, &universe)).collect();
    // Whoever can help themselves comes first; otherwise the order is that in which the policy decides.
    drawn.sort_by_key(|lane| matches!(lane.leads, Leads::End(_)));
    drawn
}

fn drawn(lane: &[&(Class, Course)], universe: &Universe) -> Option<Lane> {
    let (_, first) = lane.first()?;
    let when = lines(conditions(lane.iter().map(|(class, _)| class), universe), "every case");
    let leads = match (&first.plan, &first.ended) {
        (Some(plan), _) => Leads::Steps { steps: steps(plan, first), endings: endings(lane) },
        (None, Some(end)) => Leads::End(Terminal::of(end)),
        (None, None) => return None,
    };
    Some(Lane { when, leads })
}

fn steps(plan: &Plan, course: &Course) -> Vec<Step> {
    match plan {
        Plan::Factor(factor) => {
            let fails = failures(&course.failures).into_iter().find(|(other, _)| other == factor);
            vec![Step::One {
                name: step_name(plan),
                fails: fails.map(|(_, lines)| lines).unwrap_or_default(),
            }]
        }
        Plan::Approvals(_) => vec![Step::One { name: step_name(plan), fails: Vec::new() }],
        Plan::All(parts) => parts.iter().flat_map(|part| steps(part, course)).collect(),
        Plan::Any { need, of } => {
            vec![Step::Any { need: *need, of: of.iter().map(|part| steps(part, course)).collect() }]
        }
    }
}

/// What tells endings apart: which way was taken, if it matters; what was asked for on the way; the end.
type EndingKey = (Option<String>, Option<Plan>, End);

fn endings(lane: &[&(Class, Course)]) -> Vec<Ending> {
    let universe = Universe::of(lane.iter().map(|(class, _)| class));
    let mut endings: Vec<(EndingKey, Vec<&Class>)> = Vec::new();
    for (class, course) in lane {
        for key in keys(&course.ways) {
            match endings.iter_mut().find(|(other, _)| *other == key) {
                Some((_, classes)) => classes.push(class),
                None => endings.push((key, vec![class])),
            }
        }
    }
    endings.into_iter().map(|(key, classes)| ending(key, &classes, &universe)).collect()
}

fn keys(ways: &[Way]) -> Vec<EndingKey> {
    let is_one = ways.windows(2).all(|pair| matches!(pair, [a, b] if a.plan == b.plan && a.end == b.end));
    let told = if is_one { ways.get(..1).unwrap_or_default() } else { ways };
    let way = |way: &Way| (!is_one).then(|| format!("after {}", words::atoms(&way.set)));
    told.iter().map(|one| (way(one), one.plan.clone(), one.end.clone())).collect()
}

fn ending((way, plan, end): EndingKey, classes: &[&Class], universe: &Universe) -> Ending {
    let mut when = lines(conditions(classes.iter().copied(), universe), "");
    when.retain(|line| !line.is_empty());
    if let Some(way) = way {
        when = if when.is_empty() {
            vec![way]
        } else {
            when.into_iter().map(|line| format!("{way}; {line}")).collect()
        };
    }
    let mut terminal = Terminal::of(&end);
    if let Some(plan) = plan {
        terminal.lines.insert(0, format!("asked for on the way: in all {}", words::plan(&plan)));
    }
    Ending { when, terminal }
}

/// Each condition as one line; `always` for the one that always holds.
fn lines(conditions: Vec<Vec<String>>, always: &str) -> Vec<String> {
    let line = |clauses: Vec<String>| {
        if clauses.is_empty() { always.to_owned() } else { clauses.join(", ") }
    };
    conditions.into_iter().map(line).collect()
}
