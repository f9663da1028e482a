//! What the tests need beside Rust: looked for, installed where that is possible, and named where it is not.

use std::{path::Path, process::Command};

use crate::run::{exists, say};

/// A program that a part of the tests runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    /// The formatter of Rust.
    Rustfmt,
    /// The linter of Rust.
    Clippy,
    /// Python with virtual environments.
    Python,
    /// The package manager of Node.js.
    Npm,
    /// Java 17 or newer.
    Java,
    /// Maven.
    Maven,
}

impl Tool {
    /// What people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rustfmt => "rustfmt",
            Self::Clippy => "clippy",
            Self::Python => "python3 with venv",
            Self::Npm => "npm",
            Self::Java => "java",
            Self::Maven => "mvn",
        }
    }

    /// How it comes to a machine.
    fn source(self) -> Source {
        match self {
            Self::Rustfmt => Source::Rustup("rustfmt"),
            Self::Clippy => Source::Rustup("clippy"),
            Self::Python => Source::Debian("python3-venv"),
            Self::Npm => Source::Debian("npm"),
            Self::Java => Source::Debian("default-jdk-headless"),
            Self::Maven => Source::Debian("maven"),
        }
    }

    /// Whether it is there and works.
    pub(crate) fn is_there(self) -> bool {
        match self {
            Self::Rustfmt => succeeds(Command::new(env!("CARGO")).args(["fmt", "--version"])),
            Self::Clippy => succeeds(Command::new(env!("CARGO")).args(["clippy", "--version"])),
            Self::Python => succeeds(Command::new("python3").args(["-c", "import venv, ensurepip"])),
            Self::Npm => exists("npm"),
            // A runtime alone is not enough: Maven compiles.
            Self::Java => succeeds(Command::new("javac").arg("-version")),
            Self::Maven => exists("mvn"),
        }
    }
}

/// Where a tool comes from.
#[derive(Clone, Copy, Debug)]
enum Source {
    /// A component of the Rust toolchain.
    Rustup(&'static str),
    /// A package of Debian and its children.
    Debian(&'static str),
}

impl Source {
    /// What a person would type.
    fn by_hand(self) -> String {
        match self {
            Self::Rustup(component) => format!("rustup component add {component}"),
            Self::Debian(package) => format!("apt-get install {package}"),
        }
    }
}

/// Makes the tools be there; the answer names those that are not there in the end, with what to do.
pub(crate) fn ensure(tools: &[Tool]) -> Vec<String> {
    let missing: Vec<Tool> = tools.iter().copied().filter(|tool| !tool.is_there()).collect();
    let mut packages = Vec::new();
    for tool in &missing {
        match tool.source() {
            Source::Rustup(component) => {
                say(&format!("installing {component} with rustup"));
                let _judged_below = Command::new("rustup").args(["component", "add", component]).status();
            }
            Source::Debian(package) => packages.push(package),
        }
    }
    if !packages.is_empty() {
        say(&format!("installing {} with apt-get", packages.join(", ")));
        apt_get(&packages);
    }
    let still = missing.into_iter().filter(|tool| !tool.is_there());
    still
        .map(|tool| format!("{} could not be installed; by hand: {}", tool.name(), tool.source().by_hand()))
        .collect()
}

/// Installs packages of Debian, as root or where `sudo` asks for no password. Whether it worked is seen afterwards.
fn apt_get(packages: &[&str]) {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    let start = |arguments: &[&str]| {
        let mut command = match is_root {
            true => Command::new("apt-get"),
            false => Command::new("sudo"),
        };
        if !is_root {
            command.args(["-n", "apt-get"]);
        }
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        let _judged_by_the_caller = command.status();
    };
    if !Path::new("/usr/bin/apt-get").exists() {
        return;
    }
    start(&["update", "-qq"]);
    start(&[&["install", "-y", "-qq", "--no-install-recommends"][..], packages].concat());
}

fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}
