//! A second telephone: baresip, with a media stack of its own (libre).

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{NUMBER, PATIENCE, free_port};

/// A running baresip that answers every call.
pub struct Baresip {
    child: Child,
    control: TcpStream,
    host: &'static str,
    port: u16,
    directory: TempDir,
}

impl Baresip {
    /// Starts it. `account` is appended to its account: `;mediaenc=srtp-mand`, for one.
    pub fn start(account: &str) -> Baresip {
        Baresip::start_at("127.0.0.1", account)
    }

    /// Starts it at another address.
    pub fn start_at(host: &'static str, account: &str) -> Baresip {
        let directory = tempfile::tempdir().unwrap();
        let (port, control) = (free_port(), free_port());
        let path = directory.path();
        fs::write(path.join("config"), config(host, port, control, &path.to_string_lossy())).unwrap();
        let account = format!(
            "<sip:{NUMBER}@{host}:{port}>;regint=0;answermode=auto;audio_codecs=pcmu/8000/1{account}\n"
        );
        fs::write(path.join("accounts"), account).unwrap();
        fs::write(path.join("contacts"), "").unwrap();
        silence(&path.join("silence.wav"));
        let mut child = Command::new("baresip")
            .arg("-f")
            .arg(path)
            .current_dir(path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("baresip cannot be run ({error}); install it: apt-get install baresip-core")
            });
        let started = Instant::now();
        let control = loop {
            match TcpStream::connect((Ipv4Addr::LOCALHOST, control)) {
                Ok(control) => break control,
                Err(error) => {
                    assert!(child.try_wait().unwrap().is_none(), "baresip ended at once");
                    assert!(started.elapsed() < PATIENCE, "baresip takes no commands: {error}");
                    thread::sleep(Duration::from_millis(20));
                }
            }
        };
        control.set_read_timeout(Some(PATIENCE)).unwrap();
        Baresip { child, control, host, port, directory }
    }

    /// Where it listens, for the setting `trunk`.
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Waits for an event such as `CALL_ESTABLISHED`.
    pub fn wait_for(&mut self, event: &str) {
        while self.message()["type"] != event {}
    }

    /// Presses keys, a quarter of a second apart.
    pub fn press(&mut self, digits: &str) {
        for digit in digits.chars() {
            self.command("sndcode", &digit.to_string());
            thread::sleep(Duration::from_millis(250));
        }
    }

    fn command(&mut self, command: &str, params: &str) {
        let text = json!({ "command": command, "params": params, "token": "t" }).to_string();
        write!(self.control, "{}:{text},", text.len()).unwrap();
    }

    /// Reads a message: a netstring with an object in it.
    fn message(&mut self) -> Value {
        let mut byte = [0];
        let mut length = 0;
        loop {
            self.control.read_exact(&mut byte).unwrap();
            match byte[0] {
                b':' => break,
                digit => length = length * 10 + usize::from(digit - b'0'),
            }
        }
        let mut text = vec![0; length + 1];
        self.control.read_exact(&mut text).unwrap();
        serde_json::from_slice(&text[..length]).unwrap()
    }

    /// Ends it and returns what it heard, 8000 samples a second.
    pub fn finish(mut self) -> Vec<i16> {
        self.command("quit", "");
        self.child.wait().unwrap();
        let recording = fs::read_dir(self.directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.to_string_lossy().ends_with("dec.wav"))
            .expect("a recording");
        hound::WavReader::open(recording).unwrap().samples().map(Result::unwrap).collect()
    }
}

impl Drop for Baresip {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

fn config(host: &str, port: u16, control: u16, directory: &str) -> String {
    let modules = ["g711", "aufile", "aubridge", "sndfile", "srtp"].map(|name| format!("module {name}.so\n"));
    let media = free_port();
    format!(
        "net_interface {host}\nsip_listen {host}:{port}\naudio_source aufile,{directory}/silence.wav\n\
         audio_player aubridge,nil\nausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\nauplay_channels 1\n\
         rtp_ports {media}-{}\nmodule_path /usr/lib/baresip/modules\n{}module_tmp uuid.so\n\
         module_tmp account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n\
         ctrl_tcp_listen 127.0.0.1:{control}\nsnd_path {directory}\n",
        media + 7,
        modules.concat()
    )
}

fn silence(path: &std::path::Path) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(path, spec).unwrap();
    for _ in 0..8000 * 30 {
        wav.write_sample(0_i16).unwrap();
    }
    wav.finalize().unwrap();
}
