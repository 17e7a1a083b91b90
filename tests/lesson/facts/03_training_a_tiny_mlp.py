# %%
# after: after = measure()
assert after.data < before.data

# %%
# after: np.mean((model.predict(test_x) > 0) == test_y)
assert accuracy >= 0.95
assert history.loss[-1] < history.loss[0] / 4

# %%
# after: plot_calibration(model, test_x, test_y
from autograd_lite.view.plots import Calibration

found = Calibration.of(model, test_x, test_y, bins=5)
assert found.counts.sum() == len(test_x)
assert found.error < 0.1

# %%
# after: recorder = nn.Recorder(curve
assert recorder.epochs[-1] == 200
assert curve_history.loss[-1] < 0.02 < 0.2 < curve_history.loss[0]

# %%
# after: train_z, test_z =
assert np.allclose(train_z.mean(axis=0), 0.0)
assert np.allclose(train_z.std(axis=0), 1.0)

# %%
# after: majority = np.mean(
assert accuracy >= 0.93
assert accuracy > majority + 0.3

# %%
# after: loaded = nn.load(path)
assert np.array_equal(loaded.predict(test_z), model.predict(test_z))

# %%
# after: pair_accuracy = np.mean(
assert pair_accuracy >= 0.8

# %%
# after: Your lines for exercise 1
# answer 1
assert scores[1] < 0.92
assert scores[8] >= 0.95

# %%
# after: Your lines for exercise 2
# answer 2
assert raw_accuracy < accuracy - 0.2

# %%
# after: Your lines for exercise 3
# answer 3
assert overfitted.loss[-1] < 0.01
assert overfitted.validation_loss[-1] > 1.5 * min(overfitted.validation_loss)
