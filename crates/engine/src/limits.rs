//! Every limit of the engine, with its unit in its name. Each has a test that exceeds it.

/// Bytes of one document of variables where nothing else is configured (`--variables-max`).
pub const DOCUMENT_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of one document of variables, whatever is configured.
pub const MAX_DOCUMENT_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of all variables of a process instance where nothing else is configured (`--instance-variables-max`).
pub const INSTANCE_BYTES: usize = 32 * 1024 * 1024;
/// Bytes of all variables of a process instance, whatever is configured: a call activity hands them on in one record.
pub const MAX_INSTANCE_BYTES: usize = 40 * 1024 * 1024;
/// Bytes of variables that one message or signal gives to the processes that it starts, all together.
pub const STARTS_BYTES: usize = 32 * 1024 * 1024;
/// Nesting levels of a document of variables.
pub const DOCUMENT_DEPTH: usize = 256;
/// Bytes of one deployment, all its resources together.
pub const DEPLOYMENT_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of a rejection's or an incident's text; what exceeds it is cut.
pub const MESSAGE_TEXT_BYTES: usize = 8 * 1024;
/// Characters of a worker's error message that are kept.
pub const ERROR_MESSAGE_CHARS: usize = 10_000;
/// Bytes of a name or an id that a client gives: job type, message name, correlation key, variable name.
pub const NAME_BYTES: usize = 32 * 1024;
/// Jobs that one activation hands out at most, whatever was asked for.
pub const JOBS_PER_ACTIVATION: usize = 10_000;
/// Bytes of the jobs that one activation hands out.
pub const ACTIVATION_BYTES: usize = 4 * 1024 * 1024 - 64 * 1024;
/// Pieces of work that one command does before the rest is put off to a command of its own, so that others get their turn:
/// steps taken and steps that follow from them, rows changed, things that were due, jobs handed out.
pub const WORK_PER_BATCH: usize = 2_000;
/// The same where nobody waits for it: what is due, and what was put off. A caller's command waits for one such piece.
pub const UNAWAITED_WORK_PER_BATCH: usize = 100;
/// Bytes of variables, in events and in jobs handed out, after which a command puts off the rest.
pub const WORK_BYTES_PER_BATCH: usize = 1024 * 1024;
/// Nesting of called processes.
pub const CALL_DEPTH: u32 = 1_000;
/// Milliseconds that a job time-out, a back-off or a message's time to live may last at most (about 100 years).
pub const DURATION_MS: i64 = 100 * 366 * 24 * 3_600_000;
/// Compiled processes, and as many DMN files, that one partition keeps; others are compiled again when they are needed.
pub const COMPILED_ITEMS: usize = 1_000;
