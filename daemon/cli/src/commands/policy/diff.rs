//! `readmit policy diff`: which cases two sets of policies decide otherwise.

use std::path::PathBuf;

use clap::Args;
use readmit_policy::workbench::compare::Effect;
use readmit_policy::workbench::diff::{Diff, DiffGroup};
use serde_json::{Map, Value};

use super::changes::{Place, as_json, grouped, judged, many, told};
use super::set::{Surroundings, read};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::limits::CLASSES_DEFAULT;
use crate::output::Style;
use crate::work::{Bar, aside};

const EXAMPLES: &str = "\
Examples:
  readmit policy diff /etc/readmit/policies ./policies
  readmit policy diff old new --fail-if-weaker

Every class of cases that either of them can tell apart is put to both: its opening, and every question that comes up \
on the ways that each of them leads it, factors failing included. Weaker is what lets anybody in who was not let in \
before, or sooner, or to more. The example is the start of a case in which it happens, to be pasted into a test.

JSON: {before, after, classes, same, questions, weaker, failing, stronger, other, changes: [{effect, words: [text], \
realm, hook, factor, classes, of, when, example}]}, weakened first.";

/// Show which cases two sets of policies decide otherwise
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct DiffSets {
    /// The directory of the policies as they are
    before: PathBuf,
    /// The directory of the policies as they are to be
    after: PathBuf,
    /// End with exit code 1 if anything is weaker, or fails in the policy
    #[arg(long)]
    fail_if_weaker: bool,
    /// Compare at most so many classes of cases a realm
    #[arg(long, default_value_t = CLASSES_DEFAULT, value_name = "N")]
    limit: usize,
    #[command(flatten)]
    surroundings: Surroundings,
}

/// Runs the verb.
pub async fn run(verb: DiffSets, context: &mut Context) -> Result<(), Failure> {
    let before = verb.surroundings.watch(read(&verb.before)?)?;
    let after = verb.surroundings.watch(read(&verb.after)?)?;
    let versions = [before.version().to_string(), after.version().to_string()];
    let (rules, limit) = (verb.surroundings.rules(), verb.limit);
    let bar = Bar::new("diff");
    let pen = bar.pen();
    let found = aside(move || {
        let mut progress = |done| pen.tell(&format!("{} compared", many(done, "class")));
        Diff::between(&before, &after, &rules, limit, &mut progress)
    });
    let diff = found
        .await?
        .map_err(|error| Failure::new(Kind::Failed, error.to_string()).with_hint("raise it with --limit"))?;
    drop(bar);
    context.output.answer(&in_json(&diff, &versions), |style| in_words(&diff, &versions, style))?;
    judged(verb.fail_if_weaker, diff.count(Effect::Weaker), diff.count(Effect::Failing), "class")
}

fn in_json(diff: &Diff, [before, after]: &[String; 2]) -> Value {
    let mut answer = Map::new();
    answer.insert("before".to_owned(), before.as_str().into());
    answer.insert("after".to_owned(), after.as_str().into());
    answer.insert("classes".to_owned(), diff.classes.into());
    answer.insert("questions".to_owned(), diff.questions.into());
    for effect in Effect::ALL {
        let count = if effect == Effect::Same { diff.same } else { diff.count(effect) };
        answer.insert(effect.as_str().to_owned(), count.into());
    }
    let group = |group: &DiffGroup| {
        let mut json = as_json(&group.change);
        json["realm"] = group.realm.as_str().into();
        json["hook"] = group.hook.as_str().into();
        json["factor"] = group.factor.as_ref().map(ToString::to_string).into();
        json["classes"] = group.classes.into();
        json["of"] = group.of.into();
        json["when"] = group.when.as_str().into();
        json["example"] = group.example.to_string().into();
        json
    };
    answer.insert("changes".to_owned(), diff.groups.iter().map(group).collect());
    Value::Object(answer)
}

fn in_words(diff: &Diff, [before, after]: &[String; 2], style: Style) -> String {
    let questions = many(diff.questions, "question");
    let mut text = format!(
        "before  {before}\nafter   {after}\n{}, {questions} each to both\n",
        many(diff.classes, "class") + " of cases"
    );
    let places: Vec<Place<'_>> = diff.groups.iter().map(place).collect();
    text += &told(&places, "class", style);
    let of_cases = if diff.same == 1 { "class of cases stays" } else { "classes of cases stay" };
    text + &format!("\n{} {of_cases} the same.\n", grouped(diff.same))
}

fn place(group: &DiffGroup) -> Place<'_> {
    let mut place = group.hook.as_str().to_owned();
    if let Some(factor) = &group.factor {
        place += &format!(" {factor}");
    }
    if group.realm != "default" {
        place += &format!(", realm {}", group.realm);
    }
    let more = vec![format!("when {}", group.when), format!("as in {}", group.example)];
    Place { change: &group.change, place, count: group.classes, more }
}
