//! Mutants in a source text, each behind a switch, so that one build has them all.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use crate::Failure;
use crate::list::{Genre, Mutant, Position};

/// The module that each mutated crate gets: which mutant the environment has chosen, and a record of those whose place was
/// reached.
pub(crate) const MODULE: &str = r#"
#[allow(warnings, clippy::all)]
pub(crate) mod mutant_switch {
    use std::collections::BTreeSet;
    use std::fs::File;
    use std::io::Write;
    use std::sync::{LazyLock, Mutex};

    static CHOSEN: LazyLock<Option<u32>> =
        LazyLock::new(|| std::env::var("PILOTHOUSE_MUTANT").ok()?.parse().ok());
    static REACHED: LazyLock<Option<Mutex<(BTreeSet<u32>, File)>>> = LazyLock::new(|| {
        let path = std::env::var("PILOTHOUSE_MUTANTS_REACHED").ok()?;
        let file = File::options().create(true).append(true).open(path).ok()?;
        Some(Mutex::new((BTreeSet::new(), file)))
    });

    pub(crate) fn on(id: u32) -> bool {
        if let Some(reached) = &*REACHED {
            let mut reached = reached.lock().unwrap_or_else(|error| error.into_inner());
            if reached.0.insert(id) {
                let _ = reached.1.write_all(format!("{id}\n").as_bytes());
            }
        }
        *CHOSEN == Some(id)
    }
}
"#;

/// A text with the mutants of a file behind switches, each with its number.
///
/// # Errors
///
/// When the text is no Rust.
pub(crate) fn switched(source: &str, mutants: &[(u32, &Mutant)]) -> Result<Switched, Failure> {
    let file = syn::parse_file(source)
        .map_err(|error| Failure::Failed { what: "parsing".to_owned(), said: error.to_string() })?;
    let mut wanted: BTreeMap<(Genre, Position), Vec<(u32, String)>> = BTreeMap::new();
    for (id, mutant) in mutants {
        let place = (mutant.genre, mutant.span.start);
        wanted.entry(place).or_default().push((*id, mutant.replacement.clone()));
    }
    let mut finder = Finder { wanted, sites: Vec::new() };
    finder.visit_file(&file);
    let Finder { wanted, mut sites } = finder;
    // From the outside inwards; what is inserted at a place comes before what begins there.
    sites.sort_by_key(|site| {
        (site.whole.start, !site.whole.is_empty(), usize::MAX - site.whole.end, site.rank())
    });
    let text = Renderer { source, sites: &sites }.render(0..source.len(), 0);
    let missing = wanted.into_values().flatten().map(|(id, _)| id).collect();
    Ok(Switched { text, missing })
}

/// What [`switched`] gives.
pub(crate) struct Switched {
    pub(crate) text: String,
    /// Mutants that no switch can be written for.
    pub(crate) missing: BTreeSet<u32>,
}

/// The mutant that an error of the compiler at a byte of a switched text is about: the innermost one around it, else the last one
/// before it, whose type contradicts what follows.
pub(crate) fn blamed(text: &str, at: usize) -> Option<u32> {
    let mut open = Vec::new();
    let mut last = None;
    let mut rest = text.get(..at)?;
    while let Some(start) = rest.find("/*mutant ") {
        rest = &rest[start + "/*mutant ".len()..];
        let (word, after) = rest.split_once("*/")?;
        match word.strip_prefix("end ") {
            None => open.push(word.parse().ok()?),
            Some(_) => last = open.pop(),
        }
        rest = after;
    }
    open.pop().or(last)
}

/// A place with mutants.
struct Site {
    whole: Range<usize>,
    kind: Kind,
    mutants: Vec<(u32, String)>,
}

enum Kind {
    /// Before the first statement of a function.
    Body,
    /// After the pattern of an arm without a guard.
    ArmWithoutGuard,
    /// The guard of an arm that may go.
    Arm,
    Guard,
    /// Left side and right side of an operator.
    Binary(Range<usize>, Range<usize>),
    /// The operand.
    Unary(Range<usize>),
    /// A struct with what stands before and after one of its fields.
    Field(Range<usize>, Range<usize>),
}

impl Site {
    /// Which comes first of two around the same text.
    fn rank(&self) -> u8 {
        match self.kind {
            Kind::Body | Kind::ArmWithoutGuard | Kind::Arm | Kind::Field(..) => 0,
            Kind::Guard => 1,
            Kind::Binary(..) | Kind::Unary(_) => 2,
        }
    }
}

struct Finder {
    wanted: BTreeMap<(Genre, Position), Vec<(u32, String)>>,
    sites: Vec<Site>,
}

impl Finder {
    fn add(&mut self, genre: Genre, at: proc_macro2::Span, whole: Range<usize>, kind: Kind) {
        let start = at.start();
        let place = Position { line: start.line, column: start.column + 1 };
        if let Some(mutants) = self.wanted.remove(&(genre, place)) {
            self.sites.push(Site { whole, kind, mutants });
        }
    }

    fn body(&mut self, block: &syn::Block) {
        if let Some(first) = block.stmts.first() {
            let start = range(first).start;
            self.add(Genre::FnValue, first.span(), start..start, Kind::Body);
        }
    }
}

impl Visit<'_> for Finder {
    fn visit_item_fn(&mut self, node: &syn::ItemFn) {
        self.body(&node.block);
        visit::visit_item_fn(self, node);
    }

    fn visit_impl_item_fn(&mut self, node: &syn::ImplItemFn) {
        self.body(&node.block);
        visit::visit_impl_item_fn(self, node);
    }

    fn visit_expr_binary(&mut self, node: &syn::ExprBinary) {
        // A `let` in a chain can stand nowhere else.
        if !is_let_chain(&node.left) && !is_let_chain(&node.right) {
            let kind = Kind::Binary(range(&node.left), range(&node.right));
            self.add(Genre::BinaryOperator, node.op.span(), range(node), kind);
        }
        visit::visit_expr_binary(self, node);
    }

    fn visit_expr_unary(&mut self, node: &syn::ExprUnary) {
        self.add(Genre::UnaryOperator, node.op.span(), range(node), Kind::Unary(range(&node.expr)));
        visit::visit_expr_unary(self, node);
    }

    fn visit_arm(&mut self, node: &syn::Arm) {
        if let Some((_, guard)) = &node.guard {
            self.add(Genre::MatchArm, node.span(), range(guard), Kind::Arm);
            self.add(Genre::MatchArmGuard, guard.span(), range(guard), Kind::Guard);
        } else {
            let end = range(&node.pat).end;
            self.add(Genre::MatchArm, node.span(), end..end, Kind::ArmWithoutGuard);
        }
        visit::visit_arm(self, node);
    }

    fn visit_expr_struct(&mut self, node: &syn::ExprStruct) {
        let whole = range(node);
        for pair in node.fields.pairs() {
            let field = range(pair.value());
            let end = pair.punct().map_or(field.end, |comma| range(comma).end);
            let kind = Kind::Field(whole.start..field.start, end..whole.end);
            self.add(Genre::StructField, pair.value().span(), whole.clone(), kind);
        }
        visit::visit_expr_struct(self, node);
    }
}

fn range(node: &impl Spanned) -> Range<usize> {
    node.span().byte_range()
}

fn is_let_chain(expression: &syn::Expr) -> bool {
    match expression {
        syn::Expr::Let(_) => true,
        syn::Expr::Binary(binary) => is_let_chain(&binary.left) || is_let_chain(&binary.right),
        _ => false,
    }
}

struct Renderer<'a> {
    source: &'a str,
    sites: &'a [Site],
}

impl Renderer<'_> {
    /// A part of the text with the sites in it, of which those before `first` are written already.
    fn render(&self, part: Range<usize>, first: usize) -> String {
        let (mut text, mut at) = (String::new(), part.start);
        for (index, site) in self.sites.iter().enumerate().skip(first) {
            if site.whole.start >= at && site.whole.end <= part.end {
                text.push_str(&self.source[at..site.whole.start]);
                text.push_str(&self.site(site, index + 1));
                at = site.whole.end;
            }
        }
        text.push_str(&self.source[at..part.end]);
        text
    }

    fn site(&self, site: &Site, next: usize) -> String {
        let text = |part: &Range<usize>| self.render(part.clone(), next);
        let original = text(&site.whole);
        match &site.kind {
            Kind::Body => {
                let mutant = |(id, value): &(u32, String)| {
                    format!("if {} {} ", on(*id), branch(*id, &format!("return {value};")))
                };
                site.mutants.iter().map(mutant).collect()
            }
            Kind::ArmWithoutGuard => format!(" if {}", self.off(site)),
            Kind::Arm => format!("({} && ({original}))", self.off(site)),
            Kind::Guard => chain(site, &original, |value| value.to_owned()),
            Kind::Binary(left, right) => {
                chain(site, &original, |operator| format!("{} {operator} {}", text(left), text(right)))
            }
            Kind::Unary(operand) => chain(site, &original, |operator| format!("{operator}{}", text(operand))),
            Kind::Field(before, after) => {
                chain(site, &original, |_| format!("{}{}", text(before), text(after)))
            }
        }
    }

    fn off(&self, site: &Site) -> String {
        let mutant = |(id, _): &(u32, String)| format!("/*mutant {id}*/!{}/*mutant end {id}*/", on(*id));
        site.mutants.iter().map(mutant).collect::<Vec<_>>().join(" && ")
    }
}

fn chain(site: &Site, original: &str, change: impl Fn(&str) -> String) -> String {
    let mutants = site
        .mutants
        .iter()
        .map(|(id, replacement)| format!("if {} {} else ", on(*id), branch(*id, &change(replacement))));
    format!("({}{{ {original} }})", mutants.collect::<String>())
}

fn on(id: u32) -> String {
    format!("crate::mutant_switch::on({id})")
}

fn branch(id: u32, text: &str) -> String {
    format!("/*mutant {id}*/{{ {text} }}/*mutant end {id}*/")
}

#[cfg(test)]
mod tests;
