"""What gancli itself offers, registered as any plugin would."""

from gancli.plugins.hooks import Add, hookimpl


@hookimpl
def gancli_register(add: Add) -> None:
    add("architecture", "dcgan", "gancli.architectures.dcgan:DCGAN", "Deep convolutional networks (1511.06434).")
    add("architecture", "resnet", "gancli.architectures.resnet:ResNet", "Residual networks (1704.00028, 1802.05957).")
    add("architecture", "gan", "gancli.architectures.mlp:MLP", "Fully connected networks, as in 2014 (1406.2661).")
    add("architecture", "cgan", "gancli.architectures.cgan:CGAN", "Fully connected, given the class (1411.1784).")

    add("loss", "gan", "gancli.losses.gan:GANLoss", "Cross-entropy, non-saturating or minimax (1406.2661).")
    add("loss", "wgan", "gancli.losses.wgan:WGANLoss", "Earth-mover distance, clipped weights (1701.07875).")
    add("loss", "wgan-gp", "gancli.losses.wgan:WGANGPLoss", "Earth-mover distance, gradient penalty (1704.00028).")

    add("loss", "lsgan", "gancli.losses.lsgan:LSGANLoss", "Least squares (1611.04076).")
    add("loss", "hinge", "gancli.losses.hinge:HingeLoss", "Hinge (1705.02894).")
    add("loss", "r3gan", "gancli.losses.r3gan:R3GANLoss", "Relativistic pairs with R1 and R2 (2501.05441).")

    add("augmentation", "color", "gancli.game.augmentations:color", "Brightness, saturation and contrast (2006.10738).")
    add(
        "augmentation", "translation", "gancli.game.augmentations:translation", "Moved by up to an eighth (2006.10738)."
    )
    add("augmentation", "cutout", "gancli.game.augmentations:cutout", "A box of half the sides hidden (2006.10738).")

    add("dataset", "digits", "gancli.data.digits:Digits", "Handwriting-like digits, drawn on the spot.")
    add("dataset", "folder", "gancli.data.folder:Folder", "A folder of images; sub-folders are classes.")
    add("dataset", "zip", "gancli.data.archives:Zip", "A .zip of images, read in place.")
    add("dataset", "tar", "gancli.data.archives:Tar", "A .tar of images, read in place; .tar.gz and the like too.")
    add("dataset", "table", "gancli.data.listed:Table", "A .csv, .tsv or .jsonl that lists files and labels.")
    add("dataset", "idx", "gancli.data.idx:IDX", "A folder of MNIST's IDX files, gzipped or not.")
    add("dataset", "npy", "gancli.data.arrays:Arrays", "Images in a .npy or .npz array.")
    add("dataset", "torchvision", "gancli.data.torchvision_sets:TorchvisionDataset", "torchvision:MNIST and the like.")

    add("extractor", "classifier", "gancli.extractors.classifier:Trained", "Trained on the run's own labelled images.")
    add(
        "extractor",
        "random",
        "gancli.extractors.random_features:Random",
        "Fixed random convolutions: any images, no training.",
    )
    add("extractor", "inception", "gancli.extractors.inception:Inception", "The papers' network (needs its weights).")
    add("extractor", "file", "gancli.extractors.classifier:File", "file:PATH, a classifier that this tool has written.")

    add("metric", "fid", "gancli.metrics.distances:FID", "Fréchet distance of the features (1706.08500).")
    add("metric", "kid", "gancli.metrics.distances:KID", "Kernel distance of the features, unbiased (1801.01401).")
    add("metric", "prdc", "gancli.metrics.manifolds:PRDC", "Precision, recall, density, coverage (2002.09797).")
    add("metric", "classes", "gancli.metrics.classes:Classes", "Which classes are made, and how evenly.")
    add("metric", "asked", "gancli.metrics.classes:Asked", "How often a conditional model makes what is asked for.")
    add("metric", "memorisation", "gancli.metrics.copies:Memorisation", "Copies of training images (2102.08921).")
    add("metric", "duplicates", "gancli.metrics.copies:Duplicates", "Generated images that are the same.")

    add("logger", "jsonl", "gancli.loggers.jsonl:JSONL", "One JSON object a tick, in the run folder: always on.")
    add("logger", "text", "gancli.loggers.text:Text", "What happened in words, in the run folder: always on.")
    add("logger", "tensorboard", "gancli.loggers.tensorboard:TensorBoard", "TensorBoard (needs gancli[tensorboard]).")
    add("logger", "wandb", "gancli.loggers.weights_and_biases:WandB", "Weights & Biases (needs gancli[wandb]).")

    add("preset", "gan", "gancli.config.presets:GAN", "The 2014 GAN: fully connected networks.")
    add("preset", "dcgan", "gancli.config.presets:DCGAN", "DCGAN: the default.")
    add("preset", "cgan", "gancli.config.presets:CGAN", "Conditional GAN: you choose the class.")
    add("preset", "wgan", "gancli.config.presets:WGAN", "Wasserstein GAN with weight clipping.")
    add("preset", "wgan-gp", "gancli.config.presets:WGAN_GP", "Wasserstein GAN with gradient penalty.")
    add("preset", "lsgan", "gancli.config.presets:LSGAN", "DCGAN with least squares.")
    add("preset", "sngan", "gancli.config.presets:SNGAN", "Residual networks with spectral normalisation and hinge.")
    add("preset", "r3gan", "gancli.config.presets:R3GAN", "Residual networks with relativistic pairs, R1 and R2.")
