//! The stores: small descriptions of where the tools keep what, and how it may be taken away.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::find::Seen;
use super::nx::locate::NxStore;
use super::plan::Limits;
use crate::core::process::NamePattern;

/// What may be done with a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Entries go one by one, whatever else is going on.
    Entries,
    /// It goes as a whole, when nobody works with it, and only when it was named.
    Whole,
    /// It is only reported: this command of its tool takes care of it.
    Reported(&'static str),
}

/// Which names in a folder are the entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Nx: hashes are numbers, and there are records.
    Nx,
    /// Turborepo: up to three files for each hash.
    Turborepo,
    /// Every name is an entry.
    Every,
    /// Names that fit are entries.
    Fitting(NamePattern),
    /// Files that fit are entries, in a folder that is none of a cache: what else is in it is nobody's business.
    Among(NamePattern),
    /// Exactly this name.
    Only(OsString),
}

/// What tells when an entry without a record was used last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastUse {
    /// When it was changed or read last.
    Touched,
    /// When it was changed last.
    Modified,
}

/// Where to look for a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Below the root of the workspace and each of its packages.
    Package(&'static str),
    /// Below the home folder.
    Home(&'static str),
    /// Below the temporary folder; `{uid36}` is the number of the user to the base of 36.
    Temporary(&'static str),
    /// What a variable of the environment names.
    Variable(&'static str),
    /// The name of a file in the root of the workspace and each of its packages; `*` for any characters.
    File(&'static str),
}

/// A store as such.
#[derive(Debug, Clone, Copy)]
pub struct Description {
    /// Its name on the command line, in reports and in the configuration.
    pub name: &'static str,
    /// What may be done with it.
    pub kind: Kind,
    /// Where it may be. For [`Kind::Whole`] the folder itself, and its parent stays.
    pub places: &'static [Place],
    /// The tools that work with it, by the names of their programs.
    pub users: &'static [&'static str],
    /// Whether a store that goes as a whole is many: then each name in it goes as a whole.
    pub is_divided: bool,
    /// The time without use after which it may go, where size says nothing.
    pub max_age: Option<Duration>,
}

const DAY: Duration = Duration::from_secs(86_400);

/// The name of the store of Nx, whose places are found in a way of its own.
pub const NX: &str = "nx";

/// The name of the store of Turborepo, which has settings of its own.
pub const TURBO: &str = "turbo";

/// Every store that is known, in the order in which they are reported.
pub static STORES: &[Description] = &[
    Description {
        name: NX,
        kind: Kind::Entries,
        places: &[],
        users: &["nx"],
        is_divided: true,
        max_age: None,
    },
    Description {
        name: TURBO,
        kind: Kind::Entries,
        places: &[
            Place::Variable("TURBO_CACHE_DIR"),
            Place::Package(".turbo/cache"),
            Place::Package("node_modules/.cache/turbo"),
        ],
        users: &["turbo"],
        is_divided: true,
        max_age: None,
    },
    divided("webpack", &[Place::Package("node_modules/.cache/webpack")], &["webpack", "webpack-dev-server"]),
    divided(
        "babel-loader",
        &[Place::Package("node_modules/.cache/babel-loader")],
        &["webpack", "webpack-dev-server"],
    ),
    whole("vite", &[Place::Package("node_modules/.vite/deps")], &["vite", "vitest"]),
    whole("jest", &[Place::Temporary("jest_{uid36}")], &["jest"]),
    whole(
        "next",
        &[Place::Package(".next/cache/turbopack"), Place::Package(".next/dev/cache")],
        &["next", "next-server"],
    ),
    whole("parcel", &[Place::Package(".parcel-cache")], &["parcel"]),
    reported(
        "pnpm",
        &[Place::Home(".local/share/pnpm/store"), Place::Home(".pnpm-store")],
        "pnpm store prune",
    ),
    reported("npm", &[Place::Home(".npm/_cacache")], "npm cache clean --force"),
    reported("yarn", &[Place::Home(".yarn/berry/cache"), Place::Home(".cache/yarn")], "yarn cache clean"),
    reported("playwright", &[Place::Home(".cache/ms-playwright")], "npx playwright uninstall --all"),
    reported("tsc", &[Place::File("*.tsbuildinfo")], "tsc --build --clean"),
    reported("eslint", &[Place::File(".eslintcache")], "eslint --no-cache"),
];

const fn whole(name: &'static str, places: &'static [Place], users: &'static [&'static str]) -> Description {
    let max_age = Some(Duration::from_secs(30 * DAY.as_secs()));
    Description { name, kind: Kind::Whole, places, users, is_divided: false, max_age }
}

const fn divided(
    name: &'static str,
    places: &'static [Place],
    users: &'static [&'static str],
) -> Description {
    let whole = whole(name, places, users);
    Description { is_divided: true, ..whole }
}

const fn reported(name: &'static str, places: &'static [Place], advice: &'static str) -> Description {
    Description { name, kind: Kind::Reported(advice), places, users: &[], is_divided: true, max_age: None }
}

/// Who says where a store is. What is a sign of somebody's work in one place is what the tool itself writes in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Its tool has it there in every package.
    Package,
    /// Its tool has it there for every user.
    User,
    /// The tool was told so, by a variable or its own settings.
    Told,
    /// Settings of the tool in the workspace, which may have come from anywhere.
    ToldByWorkspace,
    /// Our own configuration in the workspace, of which the same is true.
    Workspace,
    /// The configuration of the user.
    Configured,
}

impl Origin {
    /// Whether somebody chose the folder, and may have chosen a wrong one.
    #[must_use]
    pub const fn is_chosen(self) -> bool {
        !matches!(self, Self::Package | Self::User)
    }

    /// Whether our own configuration says so.
    #[must_use]
    pub const fn is_ours(self) -> bool {
        matches!(self, Self::Workspace | Self::Configured)
    }
}

/// A store that is there.
#[derive(Debug, Clone)]
pub struct Store {
    /// Its name.
    pub name: String,
    /// What may be done with it.
    pub kind: Kind,
    /// Who says where it is.
    pub origin: Origin,
    /// The folder, as it is reported.
    pub folder: PathBuf,
    /// Which names are its entries: in `folder`, or for [`Selection::Only`] in its parent.
    pub selection: Selection,
    /// What tells when an entry without a record was used last.
    pub last_use: LastUse,
    /// The workspace that the store serves: whoever works with it works there, or in one of its packages.
    pub project: PathBuf,
    /// Whether it serves all projects of the user, not only those of the workspace.
    pub serves_everywhere: bool,
    /// The tools that work with it.
    pub users: Vec<String>,
    /// Its limits.
    pub limits: Limits,
    /// What is known besides if it is one of Nx.
    pub nx: Option<NxStore>,
    /// The version of its tool, where that is known.
    pub version: Option<String>,
    /// What else there is to say about it.
    pub notes: Vec<String>,
    /// Why nothing may be removed.
    pub refusal: Option<String>,
    /// What stood there when that was found out.
    pub seen: Option<Seen>,
}

/// The name of the folder into which things are renamed before they are deleted.
pub const TRASH: &str = ".brainwav-trash";
