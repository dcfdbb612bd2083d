//! Bodies of the fuzz targets in `fuzz/`, one function of bytes for each.
//!
//! They stand here so that `cargo test` replays the committed corpora on a stable toolchain, without libFuzzer. An
//! input is fine when the function returns; a finding is a panic, an abort or a hang.

mod chart_archive;
mod machine;
mod scenario;
mod schema;
mod storage_codec;
mod template_parser;
mod values;
mod yaml;

pub use chart_archive::chart_archive;
pub use machine::machine;
pub use scenario::scenario;
pub use schema::schema;
pub use storage_codec::storage_codec;
pub use template_parser::template_parser;
pub use values::values;
pub use yaml::yaml;

/// A target: the name of its binary and of its folder in `fuzz/corpus`, and its body.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 8] = [
    ("chart_archive", chart_archive),
    ("machine", machine),
    ("scenario", scenario),
    ("schema", schema),
    ("storage_codec", storage_codec),
    ("template_parser", template_parser),
    ("values", values),
    ("yaml", yaml),
];
