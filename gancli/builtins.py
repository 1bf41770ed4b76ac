"""What gancli itself offers, registered as any plugin would."""

from gancli.hookspecs import Add, hookimpl


@hookimpl
def gancli_register(add: Add) -> None:
    add("architecture", "dcgan", "gancli.architectures.dcgan:DCGAN", "Deep convolutional networks (1511.06434).")
    add("architecture", "gan", "gancli.architectures.mlp:MLP", "Fully connected networks, as in 2014 (1406.2661).")
    add("architecture", "cgan", "gancli.architectures.cgan:CGAN", "Fully connected, given the class (1411.1784).")

    add("loss", "gan", "gancli.losses.gan:GANLoss", "Cross-entropy, non-saturating or minimax (1406.2661).")
    add("loss", "wgan", "gancli.losses.wgan:WGANLoss", "Earth-mover distance, clipped weights (1701.07875).")
    add("loss", "wgan-gp", "gancli.losses.wgan:WGANGPLoss", "Earth-mover distance, gradient penalty (1704.00028).")

    add("dataset", "digits", "gancli.data.digits:Digits", "Handwriting-like digits, drawn on the spot.")
    add("dataset", "folder", "gancli.data.folder:Folder", "A folder of images; sub-folders are classes.")
    add("dataset", "zip", "gancli.data.archives:Zip", "A .zip of images, read in place.")
    add("dataset", "tar", "gancli.data.archives:Tar", "A .tar of images, read in place; .tar.gz and the like too.")
    add("dataset", "table", "gancli.data.listed:Table", "A .csv, .tsv or .jsonl that lists files and labels.")
    add("dataset", "idx", "gancli.data.idx:IDX", "A folder of MNIST's IDX files, gzipped or not.")
    add("dataset", "npy", "gancli.data.arrays:Arrays", "Images in a .npy or .npz array.")
    add("dataset", "torchvision", "gancli.data.torchvision:TorchvisionDataset", "torchvision:MNIST and the like.")

    add("logger", "jsonl", "gancli.loggers.jsonl:JSONL", "One JSON object a tick, in the run folder: always on.")
    add("logger", "text", "gancli.loggers.text:Text", "What happened in words, in the run folder: always on.")
    add("logger", "tensorboard", "gancli.loggers.tensorboard:TensorBoard", "TensorBoard (needs gancli[tensorboard]).")
    add("logger", "wandb", "gancli.loggers.wandb:WandB", "Weights & Biases (needs gancli[wandb]).")

    add("preset", "gan", "gancli.presets:GAN", "The 2014 GAN: fully connected networks.")
    add("preset", "dcgan", "gancli.presets:DCGAN", "DCGAN: the default.")
    add("preset", "cgan", "gancli.presets:CGAN", "Conditional GAN: you choose the class.")
    add("preset", "wgan", "gancli.presets:WGAN", "Wasserstein GAN with weight clipping.")
    add("preset", "wgan-gp", "gancli.presets:WGAN_GP", "Wasserstein GAN with gradient penalty.")
