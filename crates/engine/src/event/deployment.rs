//! What a deployment brings.

use std::sync::Arc;

use minicbor::{Decode, Encode};

use crate::{
    codec,
    key::{DecisionKey, DeploymentKey, DrgKey, ProcessKey},
};

/// The definitions of one deployment that are new.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Deployment {
    /// Its key.
    #[n(0)]
    pub key: DeploymentKey,
    /// Its files, each once.
    #[n(1)]
    pub files: Vec<DeployedFile>,
    /// New versions of processes.
    #[n(2)]
    pub processes: Vec<NewProcess>,
    /// New versions of DMN files.
    #[n(3)]
    pub drgs: Vec<NewDrg>,
}

/// A file of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DeployedFile {
    /// Its name.
    #[n(0)]
    #[cbor(with = "codec::arc_str")]
    pub name: Arc<str>,
    /// Its bytes.
    #[n(1)]
    #[cbor(with = "codec::arc_bytes")]
    pub content: Arc<[u8]>,
}

/// A new version of a process.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct NewProcess {
    /// Its key.
    #[n(0)]
    pub key: ProcessKey,
    /// Its id.
    #[n(1)]
    #[cbor(with = "codec::arc_str")]
    pub id: Arc<str>,
    /// Its version, from 1.
    #[n(2)]
    pub version: i32,
    /// Its `zeebe:versionTag`.
    #[n(3)]
    #[cbor(with = "codec::opt_arc_str")]
    pub version_tag: Option<Arc<str>>,
    /// Which of the deployment's files it stands in.
    #[n(4)]
    pub file: u32,
}

/// A new version of a DMN file.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct NewDrg {
    /// Its key.
    #[n(0)]
    pub key: DrgKey,
    /// Its id.
    #[n(1)]
    #[cbor(with = "codec::arc_str")]
    pub id: Arc<str>,
    /// Its name.
    #[n(2)]
    #[cbor(with = "codec::arc_str")]
    pub name: Arc<str>,
    /// Its version, from 1.
    #[n(3)]
    pub version: i32,
    /// Which of the deployment's files it is.
    #[n(4)]
    pub file: u32,
    /// Its decisions.
    #[n(5)]
    pub decisions: Vec<NewDecision>,
}

/// A new version of a decision.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct NewDecision {
    /// Its key.
    #[n(0)]
    pub key: DecisionKey,
    /// Its id.
    #[n(1)]
    #[cbor(with = "codec::arc_str")]
    pub id: Arc<str>,
    /// Its name.
    #[n(2)]
    #[cbor(with = "codec::arc_str")]
    pub name: Arc<str>,
    /// Its version, from 1.
    #[n(3)]
    pub version: i32,
    /// Its `zeebe:versionTag`.
    #[n(4)]
    #[cbor(with = "codec::opt_arc_str")]
    pub version_tag: Option<Arc<str>>,
}
