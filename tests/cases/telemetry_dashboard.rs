//! `brainwav telemetry dashboard`: what is made from the table of metrics.

use crate::support::TestEnv;

#[test]
fn the_dashboard_is_a_model_with_a_variable_for_its_source() {
    let env = TestEnv::new();
    for arguments in [&["telemetry", "dashboard"][..], &["telemetry", "dashboard", "--json"]] {
        let model = env.run(arguments).expect_code(0).json();
        assert_eq!((model["title"].as_str(), model["uid"].as_str()), (Some("brAInwav"), Some("brainwav")));
        let variables = model["templating"]["list"].as_array().unwrap();
        assert_eq!(variables[0]["type"], "datasource");
        let panels = model["panels"].as_array().unwrap();
        assert!(
            panels.len() > 10 && panels.iter().all(|panel| !panel["targets"].as_array().unwrap().is_empty())
        );
    }
    assert!(!env.state().exists(), "nothing is looked at");
}

#[test]
fn the_alerts_are_a_file_of_rules() {
    let env = TestEnv::new();
    let text = env.run(&["telemetry", "dashboard", "--rules"]).expect_code(0).stdout;
    assert!(text.starts_with("# brAInwav: "), "{text}");
    let number = |key: &str| text.lines().filter(|line| line.trim_start().starts_with(key)).count();
    let alerts = number("- alert: ");
    assert!(alerts >= 5, "{text}");
    for key in ["expr: \"", "for: ", "severity: ", "summary: \"", "description: \""] {
        assert_eq!(number(key), alerts, "{key}");
    }
}
