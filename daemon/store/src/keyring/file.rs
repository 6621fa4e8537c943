//! The file of a keyring: who may reach it, and what is in it.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{KeyId, KeyringError, Keys};
use crate::durable;
use crate::limits::{MAX_KEYRING_BYTES, MAX_KEYS};

/// The file of the keyring; in a directory, the file `keyring` in it.
pub(super) fn file_in(path: &Path) -> PathBuf {
    if path.is_dir() { path.join("keyring") } else { path.to_owned() }
}

/// Refuses a file that others than its owner and root could reach.
pub(super) fn check_access(file: &File, path: &Path) -> Result<(), KeyringError> {
    let found = file.metadata().map_err(|source| KeyringError::File {
        what: "look at",
        path: path.to_owned(),
        source,
    })?;
    let own = rustix::process::geteuid().as_raw();
    // Root puts a backup back in the place of the daemon, whose file this is.
    let is_of_directory = |owner| {
        durable::directory_of(path).metadata().is_ok_and(|directory| own == 0 && directory.uid() == owner)
    };
    if found.uid() != own && found.uid() != 0 && !is_of_directory(found.uid()) {
        return Err(KeyringError::Owner { path: path.to_owned(), owner: found.uid(), wanted: own });
    }
    let mode = found.mode() & 0o7777;
    let others = if found.uid() == 0 && found.gid() == 0 { 0o037 } else { 0o077 };
    if mode & others != 0 {
        return Err(KeyringError::Exposed { path: path.to_owned(), mode });
    }
    Ok(())
}

/// Reads the keys of a keyring; `path` is for messages.
pub(super) fn read(from: &mut impl Read, path: &Path) -> Result<Keys, KeyringError> {
    let mut text = Zeroizing::new(String::new());
    from.take(MAX_KEYRING_BYTES).read_to_string(&mut text).map_err(|source| KeyringError::File {
        what: "read",
        path: path.to_owned(),
        source,
    })?;
    parse(&text, path)
}

/// The text of a keyring with its own keys.
pub(super) fn text(keys: &Keys) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(64 * (keys.all.len() + 1)));
    text.push_str("readmit-keyring 1\n");
    for (id, key) in keys.own() {
        let encoded = Zeroizing::new(STANDARD.encode(key.as_slice()));
        for part in ["key ", &id.0.to_string(), " ", &encoded, "\n"] {
            text.push_str(part);
        }
    }
    text
}

/// Writes a keyring to a file that was not there.
pub(super) fn write_new(path: &Path, keys: &Keys) -> std::io::Result<()> {
    let text = text(keys);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn parse(text: &str, path: &Path) -> Result<Keys, KeyringError> {
    let malformed = |line, why| KeyringError::Malformed { path: path.to_owned(), line, why };
    let mut lines = text.lines().enumerate();
    if lines.next().map(|(_, line)| line) != Some("readmit-keyring 1") {
        return Err(malformed(1, "it does not read readmit-keyring 1"));
    }
    let mut all = BTreeMap::new();
    for (index, line) in lines {
        let line_number = index + 1;
        let mut words = line.split(' ');
        let (Some("key"), Some(id), Some(encoded), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(malformed(line_number, "it is not of the form: key NUMBER BASE64"));
        };
        let id = id.parse().map_err(|_| malformed(line_number, "the number is no number"))?;
        if KeyId(id).is_data() {
            return Err(malformed(line_number, "the number is too large"));
        }
        // Decoded into a buffer that zeroizes; the decoder wants room for a guess of the length.
        let mut key = Zeroizing::new([0; 36]);
        let length = STANDARD
            .decode_slice(encoded, key.as_mut())
            .map_err(|_| malformed(line_number, "the key is no base64"))?;
        let key: &[u8; 32] =
            key[..length].try_into().map_err(|_| malformed(line_number, "the key has not 32 bytes"))?;
        if all.insert(KeyId(id), Zeroizing::new(*key)).is_some() {
            return Err(malformed(line_number, "the number is there twice"));
        }
        if all.len() > MAX_KEYS {
            return Err(malformed(line_number, "there are too many keys"));
        }
    }
    if all.is_empty() {
        return Err(malformed(2, "there is no key"));
    }
    Ok(Keys { all })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_file_is_named_with_its_line_and_shows_no_key() {
        let key = STANDARD.encode([7; 32]);
        let table = [
            (String::new(), 1),
            ("readmit-keyring 2\n".to_owned(), 1),
            ("readmit-keyring 1\n".to_owned(), 2),
            (format!("readmit-keyring 1\nkey 1 {key}\nkey 1 {key}\n"), 3),
            (format!("readmit-keyring 1\nkey x {key}\n"), 2),
            (format!("readmit-keyring 1\nkey 2147483648 {key}\n"), 2),
            (format!("readmit-keyring 1\nkey 1 {key} more\n"), 2),
            ("readmit-keyring 1\nkey 1 AAAA\n".to_owned(), 2),
            (format!("readmit-keyring 1\nkey 1 {}\n", STANDARD.encode([7; 33])), 2),
            (format!("readmit-keyring 1\nkey 1 {}\n", STANDARD.encode([7; 60])), 2),
        ];
        for (text, wanted) in table {
            match parse(&text, Path::new("k")) {
                Err(error @ KeyringError::Malformed { line, .. }) => {
                    assert_eq!(line, wanted, "{text:?}");
                    assert!(!error.to_string().contains(&key));
                }
                other => panic!("{text:?}: {}", other.is_ok()),
            }
        }
    }
}
