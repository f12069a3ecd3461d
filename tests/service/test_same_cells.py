from seg.instances.block_decoding import WHOLE_PIXELS
from service.settings import Settings


def test_seg_predict_decodes_whole_what_the_service_does():
    assert Settings().max_pixels <= WHOLE_PIXELS
