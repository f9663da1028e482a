//! The server's configuration: its keys, where a value came from, and what it must look like.
//!
//! A key can be set in five places; a later one wins: its default, the subcommand's own default, `weir.toml`, a `WEIR_*` variable,
//! an argument.

mod file;
mod value;

use std::{fmt, net::SocketAddr, num::NonZeroU16, path::PathBuf};

use serde_json::json;
use weir_node::{Memory, Payload};

use crate::{
    failure::Failure,
    output::{DIM, NAME, table},
};

pub(crate) use value::{LogFormat, parse_address};

/// A key of the configuration. Its name is the argument `--name`, the key in the file and, in capitals, the variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// Folder that holds everything.
    DataDir,
    /// Second folder that holds everything as well.
    MirrorDir,
    /// Where gRPC clients connect.
    GrpcAddr,
    /// Where REST clients connect.
    RestAddr,
    /// Where metrics and health are read.
    MetricsAddr,
    /// How many partitions a new data folder gets.
    Partitions,
    /// Memory of the server.
    Memory,
    /// Bytes of one document of variables.
    VariablesMax,
    /// Bytes of all variables of a process instance.
    InstanceVariablesMax,
    /// Threads of the server.
    Threads,
    /// Which log lines are written.
    Log,
    /// How they look.
    LogFormat,
}

impl Key {
    /// All keys, in the order in which they are shown.
    pub(crate) const ALL: [Self; 12] = [
        Self::DataDir,
        Self::MirrorDir,
        Self::GrpcAddr,
        Self::RestAddr,
        Self::MetricsAddr,
        Self::Partitions,
        Self::Memory,
        Self::VariablesMax,
        Self::InstanceVariablesMax,
        Self::Threads,
        Self::Log,
        Self::LogFormat,
    ];

    /// The name, as in `--data-dir` and in the file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::DataDir => "data-dir",
            Self::MirrorDir => "mirror-dir",
            Self::GrpcAddr => "grpc-addr",
            Self::RestAddr => "rest-addr",
            Self::MetricsAddr => "metrics-addr",
            Self::Partitions => "partitions",
            Self::Memory => "memory",
            Self::VariablesMax => "variables-max",
            Self::InstanceVariablesMax => "instance-variables-max",
            Self::Threads => "threads",
            Self::Log => "log",
            Self::LogFormat => "log-format",
        }
    }

    /// The variable, as in `WEIR_DATA_DIR`.
    pub(crate) fn variable(self) -> String {
        format!("WEIR_{}", self.name().replace('-', "_").to_uppercase())
    }

    fn default(self) -> String {
        match self {
            Self::DataDir => "weir-data".to_owned(),
            Self::MirrorDir => "none".to_owned(),
            Self::GrpcAddr => "127.0.0.1:26500".to_owned(),
            Self::RestAddr => "127.0.0.1:8080".to_owned(),
            Self::MetricsAddr => "127.0.0.1:9600".to_owned(),
            Self::Partitions => "auto".to_owned(),
            Self::Memory => "auto".to_owned(),
            Self::VariablesMax => "4MB".to_owned(),
            Self::InstanceVariablesMax => "32MB".to_owned(),
            Self::Threads => "0".to_owned(),
            Self::Log => "info".to_owned(),
            Self::LogFormat => "text".to_owned(),
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name() == name)
    }

    /// The key whose name looks most like this one.
    fn near(name: &str) -> Option<Self> {
        let normal = name.replace('_', "-").to_lowercase();
        let likeness = |key: &Self| strsim::jaro_winkler(key.name(), &normal);
        Self::ALL
            .into_iter()
            .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
            .filter(|key| likeness(key) > 0.8)
    }
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nobody set it.
    Default,
    /// Nobody set it, and this subcommand has a default of its own.
    DefaultOf(&'static str),
    /// The file, and the line in it.
    File(PathBuf, usize),
    /// A variable of the environment.
    Variable(String),
    /// An argument.
    Argument(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::DefaultOf(subcommand) => write!(f, "default of {subcommand}"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => write!(f, "${name}"),
            Self::Argument(name) => f.write_str(name),
        }
    }
}

/// A value that was set somewhere, still as text.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// Of which key.
    pub(crate) key: Key,
    /// As it was written.
    pub(crate) text: String,
    /// By whom.
    pub(crate) origin: Origin,
}

/// The configuration of a server: every value checked.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Folder that holds everything.
    pub(crate) data_dir: PathBuf,
    /// Second folder that holds everything as well; `None`: there is none.
    pub(crate) mirror_dir: Option<PathBuf>,
    /// Where gRPC clients connect; port 0: a free one.
    pub(crate) grpc_addr: SocketAddr,
    /// Where REST clients connect; port 0: a free one.
    pub(crate) rest_addr: SocketAddr,
    /// Where metrics and health are read; port 0: a free one.
    pub(crate) metrics_addr: SocketAddr,
    /// How many partitions a new data folder gets; `None`: as many as it has, or the default.
    pub(crate) partitions: Option<NonZeroU16>,
    /// Memory that the whole process may take.
    pub(crate) memory: Memory,
    /// What variables may weigh.
    pub(crate) payload: Payload,
    /// Threads for requests; 0: one per processor.
    pub(crate) threads: usize,
    /// Which log lines are written: `info`, `weir_node=debug,warn`.
    pub(crate) log: String,
    /// How they look.
    pub(crate) log_format: LogFormat,
    /// Whether clients may stop the clock: only for development.
    pub(crate) settable_clock: bool,
    settings: Vec<Setting>,
}

impl Config {
    /// Reads the file and the environment, puts the arguments on top and a subcommand's own defaults below, and checks everything.
    ///
    /// # Errors
    /// All that is wrong, not only the first: unknown keys and values that cannot be used, each with its place.
    pub(crate) fn load(
        file: Option<PathBuf>,
        defaults: Vec<Setting>,
        arguments: Vec<Setting>,
    ) -> Result<Self, Failure> {
        let (mut problems, mut layers) = (Vec::new(), defaults);
        if let Some(path) = file::find(file)? {
            layers.extend(file::read(&path, &mut problems)?);
        }
        layers.extend(from_environment(
            std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
            &mut problems,
        ));
        layers.extend(arguments);
        Self::from_layers(layers, problems)
    }

    /// The configuration without a file and an environment, for servers that this program starts for itself.
    pub(crate) fn with(arguments: Vec<Setting>) -> Result<Self, Failure> {
        Self::from_layers(arguments, Vec::new())
    }

    fn from_layers(layers: Vec<Setting>, mut problems: Vec<String>) -> Result<Self, Failure> {
        let settings: Vec<Setting> = Key::ALL
            .into_iter()
            .map(|key| {
                let default = || Setting { key, text: key.default(), origin: Origin::Default };
                layers.iter().rev().find(|setting| setting.key == key).cloned().unwrap_or_else(default)
            })
            .collect();
        let mut values = value::Values::new(&settings, &mut problems);
        let config = Self {
            data_dir: PathBuf::from(values.text(Key::DataDir)),
            mirror_dir: value::parse_mirror(values.text(Key::MirrorDir)),
            grpc_addr: values.parsed(Key::GrpcAddr, parse_address),
            rest_addr: values.parsed(Key::RestAddr, parse_address),
            metrics_addr: values.parsed(Key::MetricsAddr, parse_address),
            partitions: values.parsed(Key::Partitions, value::parse_partitions),
            memory: values.parsed(Key::Memory, value::parse_memory),
            payload: Payload {
                document_bytes: values.parsed(Key::VariablesMax, value::parse_variables_max),
                instance_bytes: values.parsed(Key::InstanceVariablesMax, value::parse_instance_variables_max),
            },
            threads: values.parsed(Key::Threads, value::parse_threads),
            log: values.parsed(Key::Log, value::parse_log),
            log_format: values.parsed(Key::LogFormat, value::parse_log_format),
            settable_clock: false,
            settings: Vec::new(),
        };
        if problems.is_empty() {
            return Ok(Self { settings, ..config });
        }
        Err(Failure::usage("the configuration cannot be used")
            .because(problems.join("\n"))
            .try_this("`weir serve --print-config` shows every key, its value, and where it came from"))
    }

    /// Every key with its value and where it came from.
    pub(crate) fn to_text(&self) -> String {
        let mut rows = vec![["KEY", "VALUE", "FROM"].map(str::to_owned).to_vec()];
        rows.extend(
            self.settings
                .iter()
                .map(|it| vec![it.key.name().to_owned(), it.text.clone(), it.origin.to_string()]),
        );
        let hint = "each key is an argument (--data-dir), a line in weir.toml (data-dir = \"...\") and a variable (WEIR_DATA_DIR)";
        format!("{NAME}configuration{NAME:#}\n{}\n{DIM}{hint}{DIM:#}", table(&rows))
    }

    /// The same for programs.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        let entry = |it: &Setting| {
            (it.key.name().to_owned(), json!({ "value": it.text, "from": it.origin.to_string() }))
        };
        serde_json::Value::Object(self.settings.iter().map(entry).collect())
    }
}

/// The settings among the variables of the environment.
///
/// A variable that looks like a misspelt key is an error. Other unknown `WEIR_*` variables are left alone: clients have
/// theirs (`WEIR_ADDRESS`), and Kubernetes sets `WEIR_PORT` and the like for a service named weir.
fn from_environment(
    variables: impl Iterator<Item = (String, String)>,
    problems: &mut Vec<String>,
) -> Vec<Setting> {
    let mut settings = Vec::new();
    for (variable, text) in variables {
        if let Some(key) = Key::ALL.into_iter().find(|key| key.variable() == variable) {
            settings.push(Setting { key, text, origin: Origin::Variable(variable) });
        } else if variable.starts_with("WEIR_") {
            let near =
                Key::ALL.into_iter().find(|key| strsim::damerau_levenshtein(&key.variable(), &variable) <= 2);
            problems.extend(
                near.map(|key| format!("${variable}: unknown variable; did you mean {}?", key.variable())),
            );
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Config, Key, Origin, Setting, file, from_environment};

    fn argument(key: Key, text: &str) -> Setting {
        Setting { key, text: text.to_owned(), origin: Origin::Argument(format!("--{}", key.name())) }
    }

    fn read(text: &str) -> (Vec<Setting>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weir.toml");
        fs::write(&path, text).unwrap();
        let mut problems = Vec::new();
        let settings = file::read(&path, &mut problems).unwrap();
        (settings, problems)
    }

    #[test]
    fn later_layers_win_and_say_so() {
        let (mut layers, mut problems) = read("# a comment\npartitions = 5\nlog = \"debug\"\n");
        layers.extend(from_environment(
            [("WEIR_LOG".to_owned(), "warn".to_owned())].into_iter(),
            &mut problems,
        ));
        layers.push(argument(Key::GrpcAddr, "127.0.0.1:0"));
        let config = Config::from_layers(layers, problems).unwrap();
        assert_eq!(config.partitions.map(std::num::NonZeroU16::get), Some(5));
        assert_eq!(config.log, "warn");
        assert_eq!(config.grpc_addr.port(), 0);
        let text = config.to_text();
        assert!(text.contains("weir.toml:2"), "{text}");
        assert!(text.contains("$WEIR_LOG"), "{text}");
        assert!(text.contains("--grpc-addr"), "{text}");
        assert!(text.contains("default"), "{text}");
    }

    #[test]
    fn everything_wrong_is_told_at_once_with_its_place() {
        let (layers, problems) =
            read("grpc-adr = \"x\"\npartitions = 0\nfoo = 1\n\n[table]\nx = 1\nlog-format = \"xml\"\n");
        let failure = Config::from_layers(layers, problems).unwrap_err().to_string();
        for part in [
            "weir.toml:1: unknown key grpc-adr; did you mean grpc-addr?",
            "weir.toml:2: partitions",
            "weir.toml:3: unknown key foo",
        ] {
            assert!(failure.contains(part), "{part} in {failure}");
        }
    }

    #[test]
    fn misspelt_variables_are_errors_and_foreign_ones_are_not() {
        let variables = ["WEIR_DATA_DIRS", "WEIR_PORT", "WEIR_ADDRESS", "WEIR_SERVICE_HOST", "HOME"];
        let mut problems = Vec::new();
        from_environment(variables.into_iter().map(|name| (name.to_owned(), "x".to_owned())), &mut problems);
        assert_eq!(problems, ["$WEIR_DATA_DIRS: unknown variable; did you mean WEIR_DATA_DIR?"]);
    }

    #[test]
    fn every_default_is_valid() {
        Config::with(Vec::new()).unwrap();
    }

    #[test]
    fn limits_hold() {
        for (key, text) in [
            (Key::Partitions, "8192"),
            (Key::Partitions, "-1"),
            (Key::Memory, "127MB"),
            (Key::Memory, "much"),
            (Key::Memory, "2XB"),
            (Key::VariablesMax, "17MB"),
            (Key::VariablesMax, "0"),
            (Key::InstanceVariablesMax, "41MB"),
            (Key::InstanceVariablesMax, "auto"),
            (Key::Threads, "many"),
            (Key::GrpcAddr, "26500"),
            (Key::Log, "weir=loud"),
            (Key::LogFormat, "xml"),
        ] {
            let failure = Config::with(vec![argument(key, text)]).unwrap_err().to_string();
            assert!(failure.contains(&format!("--{}", key.name())), "{failure}");
        }
    }
}
