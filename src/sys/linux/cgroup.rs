//! Which unit of a service manager a process belongs to, as its control group tells.

/// The innermost unit, if it is a service. A process in a scope was started by a person or a container and
/// belongs to nobody who would start it again; `user@UID.service` is the whole session of a user.
pub fn service_unit(text: &str) -> Option<String> {
    let path = text.lines().find_map(|line| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        (controllers.is_empty() || controllers == "name=systemd").then_some(path).filter(|path| *path != "/")
    })?;
    let unit = path.rsplit('/').find(|part| part.ends_with(".service") || part.ends_with(".scope"))?;
    let is_service = unit.ends_with(".service") && !unit.starts_with("user@");
    is_service.then(|| unit.to_owned())
}

#[cfg(test)]
mod tests {
    use super::service_unit;

    #[test]
    fn only_an_innermost_service_is_a_unit() {
        let table: &[(&str, Option<&str>)] = &[
            ("0::/system.slice/sshd.service\n", Some("sshd.service")),
            ("0::/system.slice/nginx.service/worker\n", Some("nginx.service")),
            ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/mcp.service\n", Some("mcp.service")),
            ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-code-12.scope\n", None),
            ("0::/user.slice/user-1000.slice/user@1000.service\n", None),
            ("0::/user.slice/user-1000.slice/session-3.scope\n", None),
            ("0::/system.slice/docker-0123abcd.scope\n", None),
            ("0::/\n", None),
            ("4:memory:/x.service\n1:name=systemd:/system.slice/cron.service\n0::/\n", Some("cron.service")),
            ("4:memory:/x.service\n", None),
            ("", None),
            ("torn", None),
        ];
        for (text, expected) in table {
            assert_eq!(service_unit(text).as_deref(), *expected, "{text:?}");
        }
    }
}
