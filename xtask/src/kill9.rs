//! `kill -9` at random moments while clients work, now and then after the server stood still; afterwards every acknowledged instance must be accounted for.
//!
//! The clients are those of `weir bench --endure`: they go on through every crash and keep the ledger.

use std::{
    process::{Command, Stdio},
    thread,
    time::{Duration, SystemTime},
};

use crate::{
    run::{self, Failed, build_weir, say},
    server::Server,
};

/// How often the server is killed unless told otherwise.
pub(crate) const KILLS: u32 = 100;
/// A server lives at most this long after it is ready: it works from its first milliseconds on, and many short lives see more.
const LIFE_MS_MAX: u64 = 500;
/// Each server whose number divides by this lives longer, at most `LONG_LIFE_MS_MAX`.
const LONG_LIFE_EVERY: u32 = 20;
/// Long enough for checkpoints by the clock (every 5 s).
const LONG_LIFE_MS_MAX: u64 = 6_000;

/// Each server whose number divides by this stands still for a while before it is killed.
const PAUSE_EVERY: u32 = 25;
/// So long a server stands still: its clients' jobs (3 s) run out meanwhile.
const PAUSE: Duration = Duration::from_secs(4);

/// Kills the server so many times.
pub(crate) fn run(kills: u32) -> Result<(), Failed> {
    let weir = build_weir()?;
    let temporary = tempfile::tempdir().map_err(Failed::io("cannot make a temporary folder"))?;
    let data = temporary.path().join("data");
    let mut server = Server::start(&weir, &data, "127.0.0.1:0", "127.0.0.1:0")?;
    let (grpc, rest) = (server.grpc.clone(), server.rest.clone());
    let arguments =
        ["--json", "bench", "W2", "--endure", "--duration", "1h", "--concurrency", "8", "--address", &grpc];
    let mut clients = Command::new(&weir)
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(Failed::io("cannot start the clients"))?;
    let mut moments = Moments::new();
    for kill in 1..=kills {
        let is_long = kill % LONG_LIFE_EVERY == 0;
        let life = moments.next_ms() % if is_long { LONG_LIFE_MS_MAX } else { LIFE_MS_MAX };
        thread::sleep(Duration::from_millis(life));
        if kill % PAUSE_EVERY == 0 {
            server.pause(PAUSE)?;
            thread::sleep(Duration::from_millis(moments.next_ms() % LIFE_MS_MAX));
        }
        server.kill()?;
        let begin = SystemTime::now();
        // The same ports: clients know no others. The old socket may hold them for a moment.
        server = start_again(&weir, &data, &grpc, &rest)?;
        let back = begin.elapsed().unwrap_or_default().as_millis();
        say(&format!("kill {kill} of {kills} after {life} ms; ready again after {back} ms"));
        if let Some(status) = clients.try_wait().map_err(Failed::io("cannot wait for the clients"))? {
            let said = clients.wait_with_output().map_err(Failed::io("cannot hear the clients"))?.stdout;
            let said = String::from_utf8_lossy(&said);
            return Err(Failed(format!("the clients ended early with {status}: {}", said.trim())));
        }
    }
    thread::sleep(Duration::from_millis(2 * LIFE_MS_MAX));
    run::run(Command::new("kill").args(["-TERM", &clients.id().to_string()]))?;
    let output = clients.wait_with_output().map_err(Failed::io("cannot wait for the clients"))?;
    let ledger = String::from_utf8_lossy(&output.stdout);
    say(&format!("ledger: {}", ledger.trim()));
    server.stop()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(Failed(format!(
            "the clients ended with {}: acknowledged work is not accounted for",
            output.status
        ))),
    }
}

fn start_again(
    weir: &std::path::Path,
    data: &std::path::Path,
    grpc: &str,
    rest: &str,
) -> Result<Server, Failed> {
    let mut tries = 0;
    loop {
        match Server::start(weir, data, grpc, rest) {
            Err(Failed(why)) if tries < 20 && why.contains("in use") => tries += 1,
            result => return result,
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// Moments that nobody chose. Each run has others; what counts is the ledger.
#[derive(Debug)]
struct Moments(u64);

impl Moments {
    fn new() -> Self {
        Self(SystemTime::UNIX_EPOCH.elapsed().map_or(1, |time| time.as_nanos() as u64) | 1)
    }

    /// The next number of xorshift64.
    fn next_ms(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
