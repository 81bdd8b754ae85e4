"""The networks of the benchmark in PyTorch, by the method's description; parameters in the same order."""

from torch import nn


def instance_norm(channels):
    return nn.GroupNorm(channels, channels, affine=True)


class ConvNet(nn.Module):
    """Blocks of convolution, instance norm, ReLU and average pooling, then a linear layer."""

    def __init__(self, channels, size, classes, width, depth):
        super().__init__()
        layers = []
        for block in range(depth):
            # One channel means 28 pixels a side: padding by 3 makes them 32.
            padding = 3 if block == 0 and channels == 1 else 1
            size += 2 * padding - 2
            layers += [
                nn.Conv2d(channels, width, kernel_size=3, padding=padding),
                instance_norm(width),
                nn.ReLU(inplace=True),
                nn.AvgPool2d(kernel_size=2, stride=2),
            ]
            channels = width
            size //= 2
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(width * size * size, classes)

    def forward(self, images):
        return self.classifier(self.features(images).flatten(1))


class BasicBlock(nn.Module):
    def __init__(self, before, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(before, channels, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn1 = instance_norm(channels)
        self.conv2 = nn.Conv2d(channels, channels, kernel_size=3, padding=1, bias=False)
        self.bn2 = instance_norm(channels)
        self.shortcut = nn.Sequential()
        if stride != 1 or before != channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(before, channels, kernel_size=1, stride=stride, bias=False),
                instance_norm(channels),
            )

    def forward(self, x):
        out = nn.functional.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return nn.functional.relu(out + self.shortcut(x))


class ResNet18(nn.Module):
    """Four pairs of basic blocks with strides 1, 2, 2, 2, pooled and classified."""

    def __init__(self, channels, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=3, padding=1, bias=False)
        self.bn1 = instance_norm(64)
        before = 64
        for layer, (width, stride) in enumerate([(64, 1), (128, 2), (256, 2), (512, 2)], start=1):
            blocks = nn.Sequential(BasicBlock(before, width, stride), BasicBlock(width, width, 1))
            setattr(self, f"layer{layer}", blocks)
            before = width
        self.classifier = nn.Linear(512, classes)

    def forward(self, images):
        x = nn.functional.relu(self.bn1(self.conv1(images)))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.classifier(nn.functional.avg_pool2d(x, 4).flatten(1))


def build(spec, image, classes):
    if spec["architecture"] == "ConvNet":
        return ConvNet(image["channels"], image["height"], classes, spec["width"], spec["depth"])
    if spec["architecture"] == "ResNet18":
        return ResNet18(image["channels"], classes)
    raise ValueError(f"there is no {spec['architecture']} here")
