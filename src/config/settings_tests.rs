use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::{OTHER_VARIABLES, PROTECT, Redaction, SETTINGS, Settings, is_variable, variable};
use crate::config::expression::Places;
use crate::config::kind::Raw;

#[test]
fn every_default_can_be_read_and_all_together_set_everything() {
    let places = Places { home: None, workspace: Path::new("/") };
    let mut settings = Settings::unlimited();
    for setting in SETTINGS {
        let Some(default) = setting.default else {
            assert_eq!(setting.name, PROTECT, "only this one has its default elsewhere");
            continue;
        };
        let shown = setting.read(Raw::Text(default), places, &mut settings).unwrap();
        assert_eq!(shown.to_string(), default, "{}: written as it is shown", setting.name);
    }
    assert_eq!(settings.limits.max_memory_bytes, 8 << 30);
    assert_eq!(settings.limits.max_cpu_percent, 80);
    assert_eq!(settings.limits.cpu_strikes, 3);
    assert_eq!(settings.limits.max_runtime, Duration::from_secs(300));
    assert_eq!(settings.limits.look_interval, Duration::from_secs(10));
    assert_eq!(settings.grace, Duration::from_secs(10));
    assert_eq!(settings.max_batch, 20);
    assert_eq!(settings.redaction, Redaction::default());
}

#[test]
fn names_and_variables_are_unique() {
    let mut seen = BTreeSet::new();
    for name in SETTINGS.iter().map(|setting| variable(setting.name)) {
        assert!(seen.insert(name));
    }
    for (name, _) in OTHER_VARIABLES {
        assert!(seen.insert((*name).to_owned()));
    }
    assert_eq!(variable("health.max-memory"), "BRAINWAV_HEALTH_MAX_MEMORY");
}

#[test]
fn a_variable_is_recognised_without_being_written_out() {
    for setting in SETTINGS {
        let name = variable(setting.name);
        let is = SETTINGS.iter().filter(|other| is_variable(other.name, &name)).count();
        assert!(is == 1 && is_variable(setting.name, &name), "{name}");
        for other in
            [&name[..name.len() - 1], &format!("{name}S"), &name.to_lowercase(), &name["BRAINWAV_".len()..]]
        {
            assert!(!is_variable(setting.name, other), "{other}");
        }
    }
}
