//! How the learning rate goes: up in a line, then down as half a cosine (Loshchilov & Hutter 2017,
//! <https://arxiv.org/abs/1608.03983>).

/// The rates of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    /// Highest rate.
    pub(super) rate: f64,
    /// Steps of the whole run.
    pub(super) steps: usize,
    /// Share of the steps in which the rate rises.
    pub(super) warm_up: f64,
}

impl Schedule {
    /// The rate of step `step`, from 0.
    pub(super) fn rate(&self, step: usize) -> f64 {
        let rising = self.warm_up * self.steps as f64;
        let at = step as f64;
        if at + 1.0 < rising {
            return self.rate * (at + 1.0) / rising;
        }
        let falling = (self.steps as f64 - rising).max(1.0);
        let share = ((at - rising).max(0.0) / falling).min(1.0);
        self.rate * 0.5 * (1.0 + (std::f64::consts::PI * share).cos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_in_a_line_and_falls_as_half_a_cosine() {
        let schedule = Schedule { rate: 2.0, steps: 12, warm_up: 1.0 / 3.0 };
        let half = 2.0 * 0.5;
        let root = std::f64::consts::FRAC_1_SQRT_2;
        for (step, expected) in [
            (0, 0.5),
            (1, 1.0),
            (2, 1.5),
            (3, 2.0),
            (4, 2.0),
            (6, half * (1.0 + root)),
            (8, half),
            (10, half * (1.0 - root)),
            (12, 0.0),
            (99, 0.0),
        ] {
            let found = schedule.rate(step);
            assert!((found - expected).abs() < 1e-12, "step {step}: {found}, expected {expected}");
        }
    }

    #[test]
    fn without_warm_up_the_first_rate_is_the_highest() {
        let schedule = Schedule { rate: 3.0, steps: 4, warm_up: 0.0 };
        assert_eq!(schedule.rate(0), 3.0);
        assert!((schedule.rate(2) - 1.5).abs() < 1e-12);
        let only_rising = Schedule { rate: 3.0, steps: 4, warm_up: 1.0 };
        assert_eq!((0..4).map(|step| only_rising.rate(step)).collect::<Vec<_>>(), [0.75, 1.5, 2.25, 3.0]);
    }
}
