"""The built-in things, registered in the same way as those of a plugin."""

from gancli.plugins.hooks import Add, hookimpl

BUILT_IN: dict[str, tuple[tuple[str, str, str], ...]] = {
    "architecture": (
        ("dcgan", "gancli.architectures.dcgan:DCGAN", "Deep convolutional networks (1511.06434)."),
        ("resnet", "gancli.architectures.resnet:ResNet", "Residual networks (1704.00028, 1802.05957)."),
        ("gan", "gancli.architectures.mlp:MLP", "Fully connected networks, as in 2014 (1406.2661)."),
        ("cgan", "gancli.architectures.cgan:CGAN", "Fully connected, given the class (1411.1784)."),
    ),
    "loss": (
        ("gan", "gancli.losses.gan:GANLoss", "Cross-entropy, non-saturating or minimax (1406.2661)."),
        ("wgan", "gancli.losses.wgan:WGANLoss", "Earth-mover distance, clipped weights (1701.07875)."),
        ("wgan-gp", "gancli.losses.wgan:WGANGPLoss", "Earth-mover distance, gradient penalty (1704.00028)."),
        ("lsgan", "gancli.losses.lsgan:LSGANLoss", "Least squares (1611.04076)."),
        ("hinge", "gancli.losses.hinge:HingeLoss", "Hinge (1705.02894)."),
        ("r3gan", "gancli.losses.r3gan:R3GANLoss", "Relativistic pairs with R1 and R2 (2501.05441)."),
    ),
    "augmentation": (
        ("color", "gancli.game.augmentations:color", "Brightness, saturation and contrast (2006.10738)."),
        ("translation", "gancli.game.augmentations:translation", "Moved by up to an eighth (2006.10738)."),
        ("cutout", "gancli.game.augmentations:cutout", "A box of half the sides hidden (2006.10738)."),
    ),
    "dataset": (
        ("digits", "gancli.data.digits:Digits", "Handwriting-like digits, drawn on the spot."),
        ("folder", "gancli.data.folder:Folder", "A folder of images; sub-folders are classes."),
        ("zip", "gancli.data.archives:Zip", "A .zip of images, read in place."),
        ("tar", "gancli.data.archives:Tar", "A .tar of images, read in place; .tar.gz and the like too."),
        ("table", "gancli.data.listed:Table", "A .csv, .tsv or .jsonl that lists files and labels."),
        ("idx", "gancli.data.idx:IDX", "A folder of MNIST's IDX files, gzipped or not."),
        ("npy", "gancli.data.arrays:Arrays", "Images in a .npy or .npz array."),
        ("torchvision", "gancli.data.torchvision_sets:TorchvisionDataset", "torchvision:MNIST and the like."),
    ),
    "extractor": (
        ("classifier", "gancli.extractors.classifier:Trained", "Trained on the run's own labelled images."),
        ("random", "gancli.extractors.random_features:Random", "Fixed random convolutions: any images, no training."),
        ("inception", "gancli.extractors.inception:Inception", "The papers' network (needs its weights)."),
        ("file", "gancli.extractors.classifier:File", "file:PATH, a classifier that this tool has written."),
    ),
    "metric": (
        ("fid", "gancli.metrics.distances:FID", "Fréchet distance of the features (1706.08500)."),
        ("kid", "gancli.metrics.distances:KID", "Kernel distance of the features, unbiased (1801.01401)."),
        ("prdc", "gancli.metrics.manifolds:PRDC", "Precision, recall, density, coverage (2002.09797)."),
        ("classes", "gancli.metrics.classes:Classes", "Which classes are made, and how evenly."),
        ("asked", "gancli.metrics.classes:Asked", "How often a conditional model makes what is asked for."),
        ("memorisation", "gancli.metrics.copies:Memorisation", "Copies of training images (2102.08921)."),
        ("duplicates", "gancli.metrics.copies:Duplicates", "Generated images that are the same."),
    ),
    "logger": (
        ("jsonl", "gancli.loggers.jsonl:JSONL", "One JSON object a tick, in the run folder: always on."),
        ("text", "gancli.loggers.text:Text", "What happened in words, in the run folder: always on."),
        ("tensorboard", "gancli.loggers.tensorboard:TensorBoard", "TensorBoard (needs gancli[tensorboard])."),
        ("wandb", "gancli.loggers.weights_and_biases:WandB", "Weights & Biases (needs gancli[wandb])."),
    ),
    "preset": (
        ("gan", "gancli.config.presets:GAN", "The 2014 GAN: fully connected networks."),
        ("dcgan", "gancli.config.presets:DCGAN", "DCGAN: the default."),
        ("cgan", "gancli.config.presets:CGAN", "Conditional GAN: you choose the class."),
        ("wgan", "gancli.config.presets:WGAN", "Wasserstein GAN with weight clipping."),
        ("wgan-gp", "gancli.config.presets:WGAN_GP", "Wasserstein GAN with gradient penalty."),
        ("lsgan", "gancli.config.presets:LSGAN", "DCGAN with least squares."),
        ("sngan", "gancli.config.presets:SNGAN", "Residual networks with spectral normalisation and hinge."),
        ("r3gan", "gancli.config.presets:R3GAN", "Residual networks with relativistic pairs, R1 and R2."),
    ),
}
"""Name, target and summary of every built-in thing, by kind."""


@hookimpl
def gancli_register(add: Add) -> None:
    """Register every built-in thing."""
    for kind, entries in BUILT_IN.items():
        for name, target, summary in entries:
            add(kind, name, target, summary)
