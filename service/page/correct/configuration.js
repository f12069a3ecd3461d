// The texts of the archive of corrections: what it contains, and the data's configuration for a training.

/** Grey value of pixels that are not annotated, in the masks. */
export const VOID_VALUE = 128;

export const README = `Images and corrected masks, for training with Septum.

images/    the images as they were given; of a page of a stack, the picture as it was shown, with 8 bits
masks/     their masks of the same names: 255 is boundary, 0 is not, ${VOID_VALUE} is not annotated
data.yaml  the configuration that reads them

Set root in data.yaml to the path of this folder and check the images:
  seg data doctor data.yaml
To compare losses on them, name data.yaml as the data of a comparison, e.g. in a copy of configs/compare/card.yaml.
At least three images or stacks are needed: for training, validation and test.
`;

/**
 * Return data.yaml; pages of one stack stay in one split.
 * @param {number} channels of the model's input
 */
export function configurationOf(channels) {
  return `source:
  class_path: seg.data.folder.ImageFolder
  init_args:
    root: corrections                # path of this folder
    images: images
    masks: masks
    boundary_value: 255
    void: ${VOID_VALUE}                        # not annotated: without influence on training and scores
split:
  class_path: seg.data.split.GroupSplit
  init_args:
    val_share: 0.2                   # of the groups
    test_share: 0.2                  # of the groups
    group: ^(.*?)(?:-\\d{4})?$        # pages of one stack stay in one split
    seed: 0
transforms:
  - class_path: albumentations.D4
    init_args:
      p: 1.0
  - class_path: albumentations.RandomBrightnessContrast
    init_args:
      p: 0.5
channels: ${channels}                          # as the model that was corrected
targets: [boundary]
crop_px: 256                         # pixels
batch_size: 4
steps_per_epoch: 50
`;
}
