"""Optuna: trials that do badly end early, by a callback of `learn`.

The callback reports the validation loss after each epoch and gives True once Optuna would prune:
then `learn` stops as it does for any callback, and the trial raises `TrialPruned`.

    python -m examples.recipes.with_optuna
"""

import numpy as np

import autograd_lite as ag


def measured(rows=120):
    """A noisy sine in two columns."""
    rng = np.random.default_rng(2)
    x = rng.uniform(-2.0, 2.0, (rows, 2))
    return x, np.sin(2.0 * x[:, 0]) * x[:, 1] + rng.normal(0.0, 0.05, rows)


def trained(width, rate, epochs, callback=None):
    """The record of a training: two thirds of the rows learn, one third decides."""
    x, y = measured()
    model = ag.nn.MLP(2, [width, 1], activation="tanh", seed=0)
    return model.learn(
        x[:80], y[:80], learning_rate=rate, epochs=epochs, validation=(x[80:], y[80:]),
        callback=callback, progress=False, seed=0,
    )  # fmt: skip


def objective(trial, epochs=30):
    """The last validation loss."""
    import optuna

    def report(history):
        trial.report(history.validation_loss[-1], step=len(history))
        return trial.should_prune()

    width = trial.suggest_int("width", 2, 16)
    rate = trial.suggest_float("rate", 1e-4, 0.1, log=True)
    history = trained(width, rate, epochs, report)
    if history.interrupted:  # `learn` ends in good order at Ctrl-C; here the search ends too
        raise KeyboardInterrupt
    if history.stopped:
        raise optuna.TrialPruned
    return history.validation_loss[-1]


def main(trials=12):
    """Search; print the trials and the best; give the study."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=4),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=3),
    )
    study.optimize(objective, n_trials=trials)
    pruned = study.get_trials(states=[optuna.trial.TrialState.PRUNED])
    epochs = sum(len(trial.intermediate_values) for trial in study.trials)
    print(f"{len(pruned)} of {trials} trials pruned, {epochs} epochs in place of {30 * trials}")
    print(f"best loss {study.best_value:.4f}: {study.best_params}")
    return study


if __name__ == "__main__":
    main()
