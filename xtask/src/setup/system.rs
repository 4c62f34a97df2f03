//! Which system this is, and what its package manager calls the programs that only the tests need. Pure but for
//! [`System::here`], so that each system's words are tested on any.

use std::fs;

/// Where Linux distributions say which they are (os-release(5), <https://www.freedesktop.org/software/systemd/man/os-release.html>).
const OS_RELEASE: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];
/// Fetches a chromedriver that fits the installed Chrome, where no package manager has one.
const DRIVER_FROM_NPM: &str =
    "npx @puppeteer/browsers install chromedriver@stable   # then set CHROMEDRIVER to the path it prints";

/// A system whose packages are known by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    Debian,
    /// Its Chromium and its Firefox are snaps.
    Ubuntu,
    Fedora,
    Arch,
    MacOs,
    Windows,
    Other,
}

/// A program that only the tests need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// Chromium or a browser made of it, with its driver.
    Chromium,
    Firefox,
    Strace,
    /// Runs what is compiled for 64-bit ARM on a machine that is none, with the linker that makes it.
    ArmEmulator,
}

impl Program {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chromium => "Chromium with its driver",
            Self::Firefox => "Firefox",
            Self::Strace => "strace",
            Self::ArmEmulator => "an emulator of 64-bit ARM",
        }
    }

    /// What is left out without it; none if the tests cannot be without it.
    pub fn left_out_without(self) -> Option<&'static str> {
        match self {
            Self::Chromium => None,
            Self::Firefox => Some("the page is not tried in it"),
            Self::Strace => Some("the tests do not kill clip-rs at every step"),
            Self::ArmEmulator => Some("the kernels for ARM are not tried"),
        }
    }
}

impl System {
    /// The system that this runs on.
    pub fn here() -> Self {
        if cfg!(target_os = "macos") {
            return Self::MacOs;
        }
        if cfg!(windows) {
            return Self::Windows;
        }
        let said = OS_RELEASE.iter().find_map(|path| fs::read_to_string(path).ok());
        said.map_or(Self::Other, |said| Self::of_os_release(&said))
    }

    /// The distribution that this `os-release` file speaks of, or the one it is like.
    fn of_os_release(text: &str) -> Self {
        let value = |key: &str| {
            let value = text.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='));
            value.unwrap_or_default().trim_matches(['"', '\'']).to_owned()
        };
        let (id, like) = (value("ID"), value("ID_LIKE"));
        let names = || id.split_whitespace().chain(like.split_whitespace());
        // Ubuntu's children are like Debian, too, but have Ubuntu's packages.
        let known = [
            ("ubuntu", Self::Ubuntu),
            ("debian", Self::Debian),
            ("fedora", Self::Fedora),
            ("arch", Self::Arch),
        ];
        known
            .into_iter()
            .find_map(|(name, system)| names().any(|other| other == name).then_some(system))
            .unwrap_or(Self::Other)
    }

    /// Whether there can be such a program here.
    pub fn can_have(self, program: Program) -> bool {
        !matches!(program, Program::Strace | Program::ArmEmulator)
            || !matches!(self, Self::MacOs | Self::Windows)
    }

    /// Packages that bring these programs by [`Self::install_line`].
    pub fn packages(self, programs: &[Program]) -> Vec<&'static str> {
        programs.iter().flat_map(|program| self.packages_of(*program)).copied().collect()
    }

    fn packages_of(self, program: Program) -> &'static [&'static str] {
        match (self, program) {
            (Self::Debian, Program::Chromium) => &["chromium", "chromium-driver"],
            (Self::Debian, Program::Firefox) => &["firefox-esr"],
            (Self::Fedora, Program::Chromium) => &["chromium", "chromedriver"],
            // It brings the driver along.
            (Self::Arch, Program::Chromium) => &["chromium"],
            (Self::Fedora | Self::Arch, Program::Firefox) => &["firefox"],
            (Self::MacOs, Program::Chromium) => &["google-chrome"],
            (Self::MacOs, Program::Firefox) => &["firefox"],
            (Self::Windows, Program::Chromium) => &["Google.Chrome"],
            (Self::Windows, Program::Firefox) => &["Mozilla.Firefox"],
            (Self::Debian | Self::Ubuntu | Self::Fedora | Self::Arch, Program::Strace) => &["strace"],
            (Self::Debian | Self::Ubuntu, Program::ArmEmulator) => {
                &["qemu-user", "gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"]
            }
            _ => &[],
        }
    }

    /// The beginning of a line that installs packages.
    fn install_line(self) -> &'static str {
        match self {
            Self::Debian | Self::Ubuntu => "apt-get install --no-install-recommends",
            Self::Fedora => "dnf install",
            Self::Arch => "pacman -S --needed",
            Self::MacOs => "brew install --cask",
            Self::Windows => "winget install",
            Self::Other => "",
        }
    }

    /// What to type to have these programs, a command a line; empty where it is not known.
    pub fn commands(self, programs: &[Program]) -> Vec<String> {
        let mut lines = Vec::new();
        let packages = self.packages(programs);
        if !packages.is_empty() {
            lines.push(format!("{} {}", self.install_line(), packages.join(" ")));
        }
        if programs.contains(&Program::Chromium) {
            match self {
                Self::Ubuntu => lines.push("snap install chromium".to_owned()),
                Self::MacOs | Self::Windows => lines.push(DRIVER_FROM_NPM.to_owned()),
                _ => {}
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Program; 4] = [Program::Chromium, Program::Firefox, Program::Strace, Program::ArmEmulator];

    #[test]
    fn a_distribution_is_known_by_its_name_or_by_the_one_it_is_like() {
        let known = [
            ("PRETTY_NAME=\"Debian GNU/Linux 13\"\nID=debian\n", System::Debian),
            ("NAME=x\nID=raspbian\nID_LIKE=debian\n", System::Debian),
            ("ID=ubuntu\nID_LIKE=debian\n", System::Ubuntu),
            ("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", System::Ubuntu),
            ("ID=fedora\n", System::Fedora),
            ("ID=\"rhel\"\nID_LIKE=\"fedora\"\n", System::Fedora),
            ("ID=arch\n", System::Arch),
            ("ID='manjaro'\nID_LIKE=arch\n", System::Arch),
            ("ID=nixos\nVARIANT_ID=debian\n", System::Other),
            ("", System::Other),
        ];
        for (text, system) in known {
            assert_eq!(System::of_os_release(text), system, "{text}");
        }
    }

    #[test]
    fn what_would_be_installed_is_named_as_each_system_names_it() {
        let line = |system: System, programs: &[Program]| system.commands(programs).join("; ");
        assert_eq!(
            line(System::Debian, &ALL),
            "apt-get install --no-install-recommends chromium chromium-driver firefox-esr strace \
             qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
        );
        assert_eq!(line(System::Fedora, &ALL), "dnf install chromium chromedriver firefox strace");
        assert_eq!(line(System::Arch, &[Program::Chromium]), "pacman -S --needed chromium");
        assert_eq!(
            line(System::Ubuntu, &ALL),
            "apt-get install --no-install-recommends strace qemu-user gcc-aarch64-linux-gnu \
             libc6-dev-arm64-cross; snap install chromium"
        );
        assert_eq!(line(System::MacOs, &[Program::Firefox]), "brew install --cask firefox");
        assert_eq!(line(System::Windows, &[Program::Firefox]), "winget install Mozilla.Firefox");
        assert!(line(System::Windows, &[Program::Chromium]).contains("chromedriver@stable"));
        assert_eq!(line(System::Other, &ALL), "");
    }

    #[test]
    fn strace_and_an_emulator_are_asked_for_on_linux_alone() {
        for program in [Program::Strace, Program::ArmEmulator] {
            for system in [System::MacOs, System::Windows] {
                assert!(!system.can_have(program));
                assert!(system.packages(&[program]).is_empty());
            }
            assert!(System::Other.can_have(program) && System::Debian.can_have(program));
        }
    }
}
