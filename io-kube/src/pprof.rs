//! What can be told truly of Go's `/debug/pprof/` (`net/http/pprof`): the index, the command line, and as texts the memory
//! and the threads of the process, from `/proc`.
//!
//! There is no profiler in the process, so nothing here is of the form that `go tool pprof` reads, and what would need one
//! is answered with a sentence.

mod memory;
mod threads;

use http::StatusCode;

/// Where the pages are.
const ROOT: &str = "/debug/pprof";

/// What Go serves and this process does not.
const MISSING: [&str; 7] = ["allocs", "block", "goroutine", "mutex", "profile", "symbol", "trace"];

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    /// Plain text.
    pub(crate) text: String,
}

impl Page {
    fn found(text: String) -> Self {
        Self { status: StatusCode::OK, text }
    }

    fn missing(text: String) -> Self {
        Self { status: StatusCode::NOT_FOUND, text }
    }
}

/// The answer to a path with its query; `None` when the path belongs to somebody else.
pub(crate) fn page(path: &str, query: Option<&str>) -> Option<Page> {
    let name = path.strip_prefix(ROOT)?;
    if !name.is_empty() && !name.starts_with('/') {
        return None;
    }
    Some(match name.trim_start_matches('/') {
        "" => Page::found(index()),
        "cmdline" => Page::found(command_line()),
        name @ "heap" => as_text(name, query, memory::page),
        name @ "threadcreate" => as_text(name, query, threads::page),
        name if MISSING.contains(&name) => Page::missing(format!(
            "{name} is not served: there is no profiler in this process. {ROOT}/ lists what is served.\n"
        )),
        _ => Page::missing(format!("There is no such profile. {ROOT}/ lists what is served.\n")),
    })
}

/// A page that is there as a text, which Go gives to those who say `debug=1` or more.
fn as_text(name: &str, query: Option<&str>, text: impl Fn() -> String) -> Page {
    let pairs = query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let debug = pairs.filter(|(name, _)| *name == "debug").find_map(|(_, value)| value.parse::<u32>().ok());
    if debug.unwrap_or_default() > 0 {
        return Page::found(text());
    }
    Page::missing(format!(
        "{name} is served as a text alone, by {ROOT}/{name}?debug=1: there is no profiler in this process.\n"
    ))
}

fn index() -> String {
    format!(
        "{ROOT}/\n\nServed:\n\
         cmdline                 the arguments of the process, with a NUL between them\n\
         heap?debug=1            its memory by mapping, as the kernel counts it\n\
         threadcreate?debug=1    its threads, with their processor time\n\n\
         Not served, since there is no profiler in this process:\n{}\n",
        MISSING.join(", ")
    )
}

/// The arguments, with a NUL between them, as in Go.
fn command_line() -> String {
    let arguments: Vec<String> =
        std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
    arguments.join("\0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_names_all_of_go_and_only_what_is_served_is_found() {
        let index = page("/debug/pprof/", None).unwrap();
        assert_eq!(page("/debug/pprof", None).unwrap(), index);
        let names = "allocs block cmdline goroutine heap mutex profile symbol threadcreate trace";
        for name in names.split(' ') {
            assert!(index.text.contains(name), "{name}");
            let answer = page(&format!("/debug/pprof/{name}"), Some("seconds=1&debug=1")).unwrap();
            let is_served = ["cmdline", "heap", "threadcreate"].contains(&name);
            assert_eq!(answer.status == StatusCode::OK, is_served, "{name}: {}", answer.text);
            assert!(
                is_served || answer.text.starts_with(&format!("{name} is not served: ")),
                "{}",
                answer.text
            );
        }
        assert_eq!(page("/debug/pprof/cmdline/x", None).unwrap().status, StatusCode::NOT_FOUND);
        assert_eq!((page("/debug/pprofx", None), page("/metrics", None)), (None, None));
    }

    #[test]
    fn texts_are_for_those_who_ask_for_texts() {
        for (query, status) in [(None, 404), (Some("debug=0"), 404), (Some("gc=1&debug=2"), 200)] {
            assert_eq!(page("/debug/pprof/heap", query).unwrap().status, status, "{query:?}");
        }
    }

    #[test]
    fn the_command_line_is_that_of_the_process() {
        let text = page("/debug/pprof/cmdline", None).unwrap().text;
        let own: Vec<String> = std::env::args().collect();
        assert_eq!(text.split('\0').collect::<Vec<_>>(), own);
    }
}
