/* Speech taken apart and built again by the networks of Opus 1.5: the neural vocoder FARGAN, and the
   neural codec DRED with FARGAN behind it. 16 kHz, mono. copy.py says how to build it. */
#include <string.h>
#include "opus.h"
#include "lpcnet.h"
#include "fargan.h"
#include "cpu_support.h"

#define FRAME 160
#define PACKET 320
#define FIRST 10

/* frames * 160 samples to frames * 36 features: 0-17 cepstrum, 18 log2 of the pitch, 19 voicing. */
void neural_features(const opus_int16 *pcm, int frames, float *features)
{
    LPCNetEncState *net = lpcnet_encoder_create();
    int arch = opus_select_arch();
    for (int i = 0; i < frames; i++)
        lpcnet_compute_single_frame_features(net, pcm + i * FRAME,
                                             features + i * NB_TOTAL_FEATURES, arch);
    lpcnet_encoder_destroy(net);
}

/* Features to (frames - 5) * 160 samples in -1 to 1, which run 544 samples ahead. */
void neural_speak(const float *features, int frames, float *pcm)
{
    FARGANState net;
    float first[5 * NB_FEATURES], zeros[320] = {0};
    fargan_init(&net);
    for (int i = 0; i < 5; i++)
        memcpy(first + i * NB_FEATURES, features + i * NB_TOTAL_FEATURES,
               sizeof(float) * NB_FEATURES);
    fargan_cont(&net, zeros, first);
    for (int i = 5; i < frames; i++)
        fargan_synthesize(&net, pcm + (i - 5) * FRAME, features + i * NB_TOTAL_FEATURES);
}

/* packets * 320 samples: ten packets as they are coded, then all from the redundancy that every
   period-th packet carries; 416 samples late. Returns how many packets had none and were concealed,
   or a negative number where Opus failed. */
int neural_dred(const opus_int16 *pcm, int packets, opus_int16 *out, int bitrate, int loss,
                int period)
{
    int error, end, lost = 0, done = 0, waiting = 0;
    unsigned char data[4000];
    OpusEncoder *enc = opus_encoder_create(16000, 1, OPUS_APPLICATION_VOIP, &error);
    OpusDecoder *dec = opus_decoder_create(16000, 1, &error);
    OpusDREDDecoder *parser = opus_dred_decoder_create(&error);
    OpusDRED *dred = opus_dred_alloc(&error);
    opus_encoder_ctl(enc, OPUS_SET_BITRATE(bitrate));
    opus_encoder_ctl(enc, OPUS_SET_COMPLEXITY(10));
    opus_encoder_ctl(enc, OPUS_SET_PACKET_LOSS_PERC(loss));
    error = opus_encoder_ctl(enc, OPUS_SET_DRED_DURATION(100));
    opus_decoder_ctl(dec, OPUS_SET_COMPLEXITY(7));
    for (int i = 0; i < packets && error == 0; i++) {
        int size = opus_encode(enc, pcm + i * PACKET, PACKET, data, sizeof data);
        if (size < 0) {
            error = size;
            break;
        }
        if (i < FIRST) {
            if (opus_decode(dec, data, size, out + done++ * PACKET, PACKET, 0) < 0)
                error = -1;
            continue;
        }
        if (++waiting < period && i < packets - 1)
            continue;
        int have = opus_dred_parse(parser, dred, data, size, 16000, 16000, &end, 0);
        for (int back = waiting; back > 0; back--, done++) {
            opus_int16 *at = out + done * PACKET;
            if (back * PACKET <= have) {
                opus_decoder_dred_decode(dec, dred, back * PACKET, at, PACKET);
            } else {
                if (opus_decode(dec, NULL, 0, at, PACKET, 0) < 0)
                    error = -1;
                lost++;
            }
        }
        waiting = 0;
    }
    opus_dred_free(dred);
    opus_dred_decoder_destroy(parser);
    opus_decoder_destroy(dec);
    opus_encoder_destroy(enc);
    return error ? error : lost;
}
