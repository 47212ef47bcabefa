use super::{choose, parse_url, remotes_in, remotes_listed};

fn slug(url: &str) -> Option<String> {
    parse_url(url).map(|remote| format!("{}/{}", remote.domain, remote.slug))
}

#[test]
fn addresses_as_nx_reads_them() {
    for (url, expected) in [
        ("https://github.com/acme/mono", Some("github.com/acme/mono")),
        ("  https://github.com/acme/mono.git ", Some("github.com/acme/mono")),
        ("https://user:token@github.com/acme/mono.git", Some("github.com/acme/mono")),
        ("http://github.com/acme/mono/", Some("github.com/acme/mono/")),
        ("https://acme.dev:8443/team/sub/mono.git", Some("acme.dev:8443/team/sub/mono")),
        ("https://a@b@github.com/acme/mono", Some("b@github.com/acme/mono")),
        ("https://github.com/acme", None),
        ("git@github.com:acme/mono.git", Some("github.com/acme/mono")),
        ("git@github.com:acme/mono.git/", Some("github.com/acme/mono.git/")),
        ("git@acme.dev:2222/acme/mono.git", Some("acme.dev/2222/acme/mono")),
        ("deploy@acme.dev:acme/mono.git", None),
        ("ssh://git@github.com:22/acme/mono.git", Some("github.com/acme/mono")),
        ("ssh://git@github.com:x/acme/mono.git", None),
        ("ssh://acme.dev/acme/mono.git", None),
        ("git://github.com/acme/mono.git", None),
        ("file:///srv/git/acme/mono.git", None),
        ("/srv/git/mono.git", None),
        ("../mono.git", None),
        ("", None),
    ] {
        assert_eq!(slug(url).as_deref(), expected, "{url}");
    }
}

#[test]
fn the_configuration_is_read_or_left_to_git() {
    let origin =
        "[remote \"origin\"]\n\turl = git@github.com:acme/mono.git\n\turl = git@github.com:me/two.git\n";
    let one = Some(vec![("origin".to_owned(), "git@github.com:acme/mono.git".to_owned())]);
    for (text, expected) in [
        (origin.to_owned(), one.clone()),
        (format!("[core]\n url = x\n; c\n# c\n{origin}[branch \"main\"]\nremote = origin\n"), one.clone()),
        ("[REMOTE \"origin\"]\nURL=\"git@github.com:acme/mono.git\"".to_owned(), one),
        (format!("{origin}[include]\npath = x"), None),
        (format!("{origin}[includeIf \"gitdir:x\"]\npath = x"), None),
        (format!("{origin}[url \"x\"]\ninsteadOf = y"), None),
        ("[remote \"origin\"]\nurl = https://x.dev/a/b ; note".to_owned(), None),
        (String::new(), Some(Vec::new())),
        ("[remote \"a\"]\npushurl = git@github.com:acme/mono.git".to_owned(), Some(Vec::new())),
    ] {
        assert_eq!(remotes_in(&text), expected, "{text}");
    }
}

#[test]
fn the_remote_is_chosen_by_name_then_by_order() {
    let of = |names: &[&str]| {
        let remotes: Vec<(String, String)> =
            names.iter().map(|name| ((*name).to_owned(), format!("git@acme.dev:{name}/mono"))).collect();
        choose(&remotes).map(|remote| remote.slug)
    };
    assert_eq!(of(&["zed", "base", "upstream", "origin"]).as_deref(), Some("origin/mono"));
    assert_eq!(of(&["zed", "base", "upstream"]).as_deref(), Some("upstream/mono"));
    assert_eq!(of(&["zed", "abc"]).as_deref(), Some("zed/mono"));
    assert_eq!(of(&[]), None);
    let odd = [("origin", "/srv/x"), ("up", "git@acme.dev:a/b")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(choose(&odd).map(|remote| remote.slug).as_deref(), Some("a/b"));
}

#[test]
fn a_listing_gives_plain_names_only() {
    let text = "my-fork\tgit@acme.dev:a/b (fetch)\norigin\tgit@acme.dev:c/d (fetch)\norigin\tgit@acme.dev:e/f (push)\n";
    assert_eq!(remotes_listed(text), [("origin".to_owned(), "git@acme.dev:c/d".to_owned())]);
}
