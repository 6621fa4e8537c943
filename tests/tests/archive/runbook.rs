//! What contrib/BACKUP.md tells an administrator to type is typed here, in its order.

use std::process::Command;

use readmit_tests::{World, program};

const RUNBOOK: &str = include_str!("../../../contrib/BACKUP.md");

/// The lines of the blocks that are for a shell.
fn commands() -> Vec<&'static str> {
    let blocks = RUNBOOK.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.flat_map(str::lines).collect()
}

#[tokio::test]
async fn every_command_of_the_runbook_does_what_it_says() {
    let mut world = World::builder().start().await;
    world.person("alice").await;
    let place = world.directory().to_owned();
    std::fs::create_dir_all(place.join("var/backups")).unwrap();
    // The bus and the configuration are the world's; on a host they are where readmit looks.
    let readmit = format!(
        "readmit() {{ verb=$1; shift; [ \"$verb\" != restore ] || set -- --config '{}' \"$@\"; '{}' --bus '{}' \"$verb\" \"$@\"; }}",
        world.config().display(),
        program("readmit").display(),
        world.address(),
    );
    let commands = commands();
    assert!(commands.len() >= 10, "{commands:?}");
    for command in commands {
        match command {
            "systemctl stop readmitd" => assert!(world.stop().await.success()),
            "systemctl start readmitd" => world.start().await,
            _ => {
                let line = command.replace("/var/", &format!("{}/var/", place.display()));
                let ended = Command::new("sh").args(["-c", &format!("{readmit}\n{line}")]).output().unwrap();
                let (output, error) = (ended.stdout, ended.stderr);
                assert!(
                    ended.status.success(),
                    "{command}: {}{}",
                    String::from_utf8_lossy(&output),
                    String::from_utf8_lossy(&error)
                );
            }
        }
    }
}

/// The part of the configuration that it shows is one.
#[test]
fn the_configuration_of_the_runbook_is_right() {
    let (_, rest) = RUNBOOK.split_once("```toml\n").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("readmit.toml");
    std::fs::write(&file, text).unwrap();
    let ended = readmit_tests::run("readmitd", &["--config", file.to_str().unwrap(), "--check-config"], "");
    assert_eq!(ended.code, 0, "{ended:?}");
}
