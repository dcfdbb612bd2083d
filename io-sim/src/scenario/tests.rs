//! The language as a whole.

use super::*;
use crate::rng::Rng;

/// Every statement in every form.
const EVERYTHING: &str = r#"# every statement
seed 7
replicas 2

chart web 1.0.0 workloads=2 hooks=pre-install,post-upgrade test=yes keep=yes secret=yes
source web chart=web@1.0.0
source web chart=web@1.1.0 state=wrong-digest
apply release app source=web interval=5m timeout=30s depends-on=a,b values-from=ConfigMap/v,Secret/s
apply release app install-retries=-1 strategy=uninstall retry=20s message="two words" password=""
apply values Secret app-values password=hidden replicas=2
request app
request app force reset
delete release app
edit Deployment app-web-0 replicas=9
edit ConfigMap app-config message=other
edit ConfigMap app-config label="a b"
hold ConfigMap app-config
unhold ConfigMap app-config
helm forget-middle app
forget-status app storageNamespace
at 12s fault lost-acknowledgement create Secret
fault conflict status release skip=2 times=50
fault silence request 31
fault unreachable any
fault webhook-denied compare Deployment
crash after=500ms
at 1500ms crash request 31 before after=2s
restart grace=2s after=1s
takeover late=5s after=1s
pause 30s
at 20s during apply-object pause 30s
clock forward 5m
clock back 2h
tick
lag 5s 20s
lag 0s 40s release
rewind 30s 5s
relist
repeat
gap 20s
slow 60s
calm
wait 30s
settle
expect release app Ready=True Stalled=absent Released=True/UpgradeSucceeded
expect stored app 1=superseded 2=deployed
expect stored app
expect exists ConfigMap app-config
expect absent ConfigMap other/app-config
"#;

#[test]
fn everything_is_printed_as_it_was_written() {
    let scenario = Scenario::parse(EVERYTHING).unwrap();
    assert_eq!(scenario.to_string(), EVERYTHING);
    assert_eq!(scenario.seed(), 7);
}

#[test]
fn errors_name_line_and_column() {
    let cases = [
        ("seed 7\nfoo", "line 2, column 1: \"foo\" is no statement"),
        ("seed x", "line 1, column 6: \"x\" is not a seed"),
        ("  seed", "line 1, column 7: a seed is missing"),
        ("at 5 crash", "line 1, column 4: \"5\" is no duration: 500ms, 12s, 5m, 2h"),
        ("crash now", "line 1, column 7: nothing is expected here any more"),
        ("pause a=1", "line 1, column 7: a duration is expected here, not a="),
        (
            "chart web 1.0.0 replicas=1",
            "line 1, column 17: \"replicas\" is none of workloads, hooks, test, keep, secret",
        ),
        ("chart web 1.0.0 test=maybe", "line 1, column 22: test: \"maybe\" is none of yes, no"),
        (
            "chart web 1.0.0 hooks=pre-install,never",
            "line 1, column 23: hooks: \"never\" is none of pre-install",
        ),
        ("apply release a replicas=1 replicas=2", "line 1, column 28: replicas is set already"),
        ("apply release a replicas", "line 1, column 17: \"replicas\" is no name=value"),
        ("source a chart=b", "line 1, column 16: \"b\" is not NAME@VERSION"),
        ("source a", "line 1, column 9: chart=NAME@VERSION is missing"),
        ("fault conflict patch times=", "line 1, column 28: a value is missing behind times="),
        ("apply release a message=\"x", "line 1, column 25: the quote is not closed"),
        ("apply release a message=\"\\t\"", "line 1, column 27: \\t is no escape"),
        ("apply release a message=ä", "line 1, column 25: 'ä' must stand in quotes"),
        ("expect stored a one=deployed", "line 1, column 17: \"one\" is no number"),
    ];
    for (text, expected) in cases {
        let error = Scenario::parse(text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{text}: {error}");
    }
}

/// Lines are cut, mixed and damaged: whatever still reads is printed so that it reads back the same.
#[test]
fn what_is_printed_reads_back() {
    let mut rng = Rng::new(1);
    let lines: Vec<&str> = EVERYTHING.lines().collect();
    let mut read = 0;
    for _ in 0..4000 {
        let text: Vec<String> = (0..3).map(|_| damaged(&lines, &mut rng)).collect();
        let Ok(scenario) = Scenario::parse(&text.join("\n")) else { continue };
        read += 1;
        let printed = scenario.to_string();
        assert_eq!(Scenario::parse(&printed).as_ref(), Ok(&scenario), "{printed}");
        assert_eq!(Scenario::parse(&printed).unwrap().to_string(), printed);
    }
    assert!(read > 500, "only {read} texts were scenarios");
}

fn damaged(lines: &[&str], rng: &mut Rng) -> String {
    let pick = |rng: &mut Rng, count: usize| usize::try_from(rng.below(count as u64)).unwrap();
    let mut words: Vec<String> = lines[pick(rng, lines.len())].split(' ').map(str::to_owned).collect();
    match rng.below(6) {
        0 => {
            words.remove(pick(rng, words.len()));
        }
        1 => {
            let other = lines[pick(rng, lines.len())].split(' ').next_back().unwrap().to_owned();
            words.push(other);
        }
        2 => {
            let index = pick(rng, words.len());
            let length = words[index].len();
            words[index].insert(pick(rng, length + 1), ['"', '=', '0', ' ', '-', '\\', ','][pick(rng, 7)]);
        }
        _ => {}
    }
    words.join(" ")
}
