"""The works of the benchmark: each can be checked (with everything random handed over) and run (to be timed)."""

import copy

import torch

import augmentation
import matching
import networks
import training


class Work:
    def __init__(self, description, inputs, device):
        self.work = description["work"]
        self.device = device
        self.inputs = inputs
        self.model = networks.build(self.work["network"], self.work["image"], self.work["classes"])
        ours = [(entry["name"], entry["shape"]) for entry in description["parameters"]]
        theirs = [(name, list(p.shape)) for name, p in self.model.named_parameters()]
        if ours != theirs:
            raise ValueError(f"the parameters differ: {ours} and {theirs}")
        torch.nn.utils.vector_to_parameters(inputs["parameters"].clone(), self.model.parameters())
        self.model.to(device)
        self.initial = copy.deepcopy(self.model.state_dict())

    def fresh(self):
        self.model.load_state_dict(self.initial)
        return self.model

    def flat(self):
        return torch.nn.utils.parameters_to_vector(self.model.parameters()).detach()

    def orders(self):
        return [order.tolist() for order in self.inputs["order"]]

    def given(self, matrices):
        """The augmentation that both sides are checked with: operations and parameters from the file."""
        operations = self.inputs["operations"].tolist()
        draws = []
        for index, operation in enumerate(operations):
            rows = {"color": 3, "crop": 2, "cutout": 2, "flip": 1, "scale": 2, "rotate": 1}
            count = rows[augmentation.OPERATIONS[operation]]
            draws.append([self.inputs[f"draws.{index}.{row}"].to(self.device) for row in range(count)])
        return training.Given(operations, matrices, draws)


class SgdStep(Work):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.images = self.inputs["images"].to(self.device)
        self.labels = self.inputs["labels"].to(self.device)
        self.criterion = torch.nn.CrossEntropyLoss()

    def step(self, model, optimiser):
        loss = self.criterion(model(self.images), self.labels)
        optimiser.zero_grad()
        loss.backward()
        value = loss.item()
        optimiser.step()
        return value

    def check(self):
        model = self.fresh()
        optimiser = torch.optim.SGD(model.parameters(), lr=self.work["lr"])
        losses = [self.step(model, optimiser)]
        gradient = torch.cat([p.grad.flatten() for p in model.parameters()])
        losses += [self.step(model, optimiser) for _ in range(2)]
        return {"losses": torch.tensor(losses), "gradient": gradient}

    def run(self):
        model = self.fresh()
        optimiser = torch.optim.SGD(model.parameters(), lr=self.work["lr"])
        for _ in range(self.work["steps"]):
            self.step(model, optimiser)


class ExpertEpoch(Work):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.images = (self.inputs["images"].float() / 255 - self.work["mean"]) / self.work["std"]
        self.labels = self.inputs["labels"]

    def epoch(self, augment, order=None):
        model = self.fresh()
        optimiser = torch.optim.SGD(model.parameters(), lr=self.work["lr"])
        batches = training.loader(self.images, self.labels, self.work["batch"], order)
        return training.epoch(model, batches, optimiser, augment, device=self.device)

    def check(self):
        before = self.inputs["parameters"]
        losses = self.epoch(self.given(self.work["matrices"]), self.orders()[0])
        return {"losses": torch.tensor(losses), "moved": self.flat().cpu() - before}

    def run(self):
        self.epoch(training.Given(self.inputs["operations"].tolist(), self.work["matrices"]))


class Evaluation(Work):
    def train(self, epochs, augment, orders=None):
        settings = {**self.work, "schedule": self.work["epochs"], "epochs": epochs}
        images, labels = self.inputs["images"], self.inputs["labels"]
        return training.evaluation(self.fresh(), images, labels, settings, augment, orders, self.device)

    def check(self):
        orders = self.orders()
        losses = self.train(len(orders), self.given(self.work["matrices"]), orders)
        return {"losses": torch.tensor(losses)}

    def run(self):
        operations = self.inputs["operations"].tolist()
        self.train(self.work["epochs"], training.Given(operations, self.work["matrices"]))


class Trajectory(Work):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.start = self.inputs["parameters"].to(self.device)
        self.target = self.inputs["target"].to(self.device)
        self.labels = self.inputs["labels"].to(self.device)

    def match(self, steps):
        images = self.inputs["images"].to(self.device).clone().requires_grad_(True)
        alpha = torch.tensor(self.work["alpha"], device=self.device, requires_grad=True)
        batches = [torch.arange(len(self.labels), device=self.device)] * steps
        loss, losses = matching.match(
            self.model, self.start, self.target, images, self.labels, alpha, batches
        )
        return loss, losses, images.grad, alpha.grad

    def check(self):
        numbers = {}
        for steps in (1, self.work["steps"]):
            loss, losses, to_images, to_alpha = self.match(steps)
            numbers[f"loss.{steps}"] = torch.tensor([loss])
            numbers[f"student.{steps}"] = torch.tensor(losses)
            numbers[f"images.{steps}"] = to_images
            numbers[f"alpha.{steps}"] = to_alpha.reshape(1)
        return numbers

    def run(self):
        self.match(self.work["steps"])


KINDS = {
    "sgd-step": SgdStep,
    "expert-epoch": ExpertEpoch,
    "evaluation": Evaluation,
    "trajectory": Trajectory,
}
