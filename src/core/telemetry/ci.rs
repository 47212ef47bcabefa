//! Which CI run this is: the variables that CI systems set, as attributes of the envelope.
//!
//! They are taken when an event is kept: whoever delivers it may run elsewhere, and later.

/// Looks a variable of the environment up.
pub type Variable<'v> = &'v dyn Fn(&str) -> Option<String>;

/// The attributes, in the order of the columns below: what OpenTelemetry calls them, and the envelope, whose names are
/// short and have no dots.
pub const NAMES: [(&str, &str); 5] = [
    ("cicd.pipeline.name", "cicdpipelinename"),
    ("cicd.pipeline.run.id", "cicdpipelinerunid"),
    ("cicd.pipeline.run.url.full", "cicdpipelinerunurl"),
    ("vcs.ref.head.name", "vcsrefname"),
    ("vcs.ref.head.revision", "vcsrefrevision"),
];

/// Attributes of an envelope, by its own names.
pub type Run = Vec<(&'static str, String)>;

/// The variable by which a CI system is known, and where it says what: templates of which the first holds whose
/// variables are all set.
type System = (&'static str, [&'static [&'static str]; 5]);

const SYSTEMS: [System; 6] = [
    (
        "GITHUB_ACTIONS",
        [
            &["{GITHUB_WORKFLOW}"],
            &["{GITHUB_RUN_ID}"],
            &["{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}"],
            &["{GITHUB_HEAD_REF}", "{GITHUB_REF_NAME}"],
            &["{GITHUB_SHA}"],
        ],
    ),
    (
        "GITLAB_CI",
        [
            &["{CI_PIPELINE_NAME}", "{CI_PROJECT_PATH}"],
            &["{CI_PIPELINE_ID}"],
            &["{CI_PIPELINE_URL}"],
            &["{CI_MERGE_REQUEST_SOURCE_BRANCH_NAME}", "{CI_COMMIT_REF_NAME}"],
            &["{CI_COMMIT_SHA}"],
        ],
    ),
    (
        "JENKINS_URL",
        [
            &["{JOB_NAME}"],
            &["{BUILD_ID}", "{BUILD_NUMBER}"],
            &["{BUILD_URL}"],
            &["{CHANGE_BRANCH}", "{BRANCH_NAME}", "{GIT_BRANCH}"],
            &["{GIT_COMMIT}"],
        ],
    ),
    (
        "BUILDKITE",
        [
            &["{BUILDKITE_PIPELINE_SLUG}"],
            &["{BUILDKITE_BUILD_ID}"],
            &["{BUILDKITE_BUILD_URL}"],
            &["{BUILDKITE_BRANCH}"],
            &["{BUILDKITE_COMMIT}"],
        ],
    ),
    (
        "CIRCLECI",
        [
            &["{CIRCLE_PROJECT_REPONAME}"],
            &["{CIRCLE_WORKFLOW_ID}"],
            &["{CIRCLE_BUILD_URL}"],
            &["{CIRCLE_BRANCH}"],
            &["{CIRCLE_SHA1}"],
        ],
    ),
    (
        "TF_BUILD",
        [
            &["{BUILD_DEFINITIONNAME}"],
            &["{BUILD_BUILDID}"],
            &[
                "{SYSTEM_TEAMFOUNDATIONCOLLECTIONURI}{SYSTEM_TEAMPROJECT}/_build/results?buildId={BUILD_BUILDID}",
            ],
            &["{SYSTEM_PULLREQUEST_SOURCEBRANCH}", "{BUILD_SOURCEBRANCHNAME}"],
            &["{BUILD_SOURCEVERSION}"],
        ],
    ),
];

/// The attributes of the CI run that this is part of; none outside of CI.
#[must_use]
pub fn attributes(variable: Variable<'_>) -> Run {
    let Some((_, columns)) = SYSTEMS.iter().find(|(known_by, _)| is_set(variable(known_by).as_deref()))
    else {
        return Vec::new();
    };
    let said = NAMES.iter().zip(columns).filter_map(|((_, name), templates)| {
        let value = templates.iter().find_map(|template| filled(template, variable))?;
        Some((*name, value))
    });
    said.collect()
}

fn is_set(value: Option<&str>) -> bool {
    value.is_some_and(|value| !value.is_empty() && !value.eq_ignore_ascii_case("false"))
}

/// The template with the values of its variables; `None` when one of them is missing.
fn filled(template: &str, variable: Variable<'_>) -> Option<String> {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}')?;
        text.push_str(before);
        text.push_str(&variable(name).filter(|value| !value.is_empty())?);
        rest = behind;
    }
    text.push_str(rest);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::attributes;

    fn said(variables: &[(&str, &str)]) -> Vec<String> {
        let lookup = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        attributes(&lookup).into_iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    #[test]
    fn a_ci_run_is_known_by_its_variables() {
        let github = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_WORKFLOW", "test"),
            ("GITHUB_RUN_ID", "17"),
            ("GITHUB_SERVER_URL", "https://git.example.com"),
            ("GITHUB_REPOSITORY", "team/app"),
            ("GITHUB_HEAD_REF", ""),
            ("GITHUB_REF_NAME", "main"),
        ];
        assert_eq!(
            said(&github),
            [
                "cicdpipelinename=test",
                "cicdpipelinerunid=17",
                "cicdpipelinerunurl=https://git.example.com/team/app/actions/runs/17",
                "vcsrefname=main",
            ]
        );
        assert_eq!(said(&github[..2]), ["cicdpipelinename=test"]);
        assert_eq!(said(&[("GITLAB_CI", "true"), ("CI_COMMIT_SHA", "abc")]), ["vcsrefrevision=abc"]);
        assert_eq!(said(&[("GITHUB_ACTIONS", "false"), ("GITHUB_WORKFLOW", "test")]), [""; 0]);
        assert_eq!(said(&github[1..]), [""; 0]);
    }
}
