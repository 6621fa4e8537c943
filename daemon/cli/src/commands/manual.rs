//! `readmit manual`: the manual pages, made from what the programs themselves know.
//!
//! The pages of the verbs come from the grammar of the command line, that of the configuration from the daemon's own
//! table of keys, so that neither can say what is not so.

mod pages;
mod roff;

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::output::{self, plain};

const EXAMPLES: &str = "\
Examples:
  readmit manual --dir /usr/share/man              all pages, each in the directory of its section
  readmit manual readmit-account | man -l -        one page, to be read
  readmit manual readmit.toml | man -l -           every key of the configuration

JSON (with --dir): {dir, pages: [name]}.";

/// Write the manual pages
#[derive(Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Manual {
    /// The page to write to standard output
    #[arg(conflicts_with = "dir", required_unless_present = "dir")]
    page: Option<String>,
    /// Write all pages below this directory: man1, man5 and man8
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Runs the verb.
pub async fn run(manual: Manual, context: &mut Context) -> Result<(), Failure> {
    let pages = pages::all().await?;
    let Some(dir) = manual.dir else {
        let name = manual.page.unwrap_or_default();
        let wanted = |page: &&pages::Page| page.name == name || page.file() == name;
        let page = pages.iter().find(wanted).ok_or_else(|| {
            let names: Vec<&str> = pages.iter().map(|page| page.name.as_str()).collect();
            Failure::new(Kind::NotFound, format!("there is no page `{}`", plain(&name)))
                .with_hint(format!("the pages are {}", names.join(", ")))
        })?;
        return output::write(&page.text);
    };
    for page in &pages {
        write(&dir, page)?;
    }
    let names: Vec<String> = pages.iter().map(pages::Page::file).collect();
    context.output.answer(&json!({"dir": dir, "pages": names}), |_| {
        format!("{} pages are in {}.\n", names.len(), plain(&dir.display().to_string()))
    })
}

fn write(dir: &Path, page: &pages::Page) -> Result<(), Failure> {
    let place = dir.join(format!("man{}", page.section));
    let file = place.join(page.file());
    std::fs::create_dir_all(&place).and_then(|()| std::fs::write(&file, &page.text)).map_err(|error| {
        Failure::new(Kind::Failed, format!("{} cannot be written: {error}", file.display()))
            .with_hint("name a directory that you may write to with --dir")
    })
}
