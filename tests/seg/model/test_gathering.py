import multiprocessing

import torch

from seg.model.gathering import gather_images


def gather_as_one_of_two(rank: int, folder: str, names: list[list[str]], answers) -> None:
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    rows = [torch.tensor(float(name)) for name in names[rank]]
    answers.put([row.item() for row in gather_images(names[rank], rows)])
    torch.distributed.destroy_process_group()


def gathered(folder, names: list[list[str]]) -> list[list[float]]:
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    processes = [context.Process(target=gather_as_one_of_two, args=(r, str(folder), names, answers)) for r in range(2)]
    for process in processes:
        process.start()
    found = [answers.get(timeout=120) for _ in processes]
    for process in processes:
        process.join()
    return found


def test_one_process_keeps_its_rows():
    assert gather_images(["b", "a"], [2, 1]) == [2, 1]


def test_images_of_two_processes_are_in_the_order_of_the_data_set(tmp_path):
    assert gathered(tmp_path, [["0", "2", "4"], ["1", "3"]]) == [[0.0, 1.0, 2.0, 3.0, 4.0]] * 2


def test_an_image_that_both_have_seen_counts_once(tmp_path):
    assert gathered(tmp_path, [["0"], ["0"]]) == [[0.0]] * 2
