/* The C library's own way: one record after the other through libcrypto, for comparison only.
 *
 * Called as: tac_loop sm4|des RUNS COUNT KEY_AND_RECORDS OUT. The input is 16 bytes of issuer key,
 * then COUNT factors of 8 bytes, then COUNT data of 22 bytes; the output is COUNT codes of 4 bytes.
 * Prints the version of the library, then one line of processor nanoseconds per run.
 *
 * The few prototypes stand here, so that no headers of the library are needed.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct evp_cipher_ctx_st context;
typedef struct evp_cipher_st cipher;
typedef struct { unsigned int words[32]; } schedule;

extern const char *OpenSSL_version(int);
extern context *EVP_CIPHER_CTX_new(void);
extern int EVP_CIPHER_CTX_set_padding(context *, int);
extern const cipher *EVP_sm4_ecb(void);
extern const cipher *EVP_sm4_cbc(void);
extern int EVP_EncryptInit_ex(context *, const cipher *, void *, const unsigned char *,
                              const unsigned char *);
extern int EVP_EncryptUpdate(context *, unsigned char *, int *, const unsigned char *, int);
extern void DES_set_key_unchecked(const unsigned char *, schedule *);
extern void DES_ecb3_encrypt(const unsigned char *, unsigned char *, schedule *, schedule *,
                             schedule *, int);
extern void DES_ncbc_encrypt(const unsigned char *, unsigned char *, long, schedule *,
                             unsigned char *, int);

enum { FACTOR = 8, DATA = 22, CODE = 4 };

static int sm4(const unsigned char *key, const unsigned char *factors, const unsigned char *data,
               long count, unsigned char *codes)
{
    context *issuer = EVP_CIPHER_CTX_new(), *card = EVP_CIPHER_CTX_new();
    unsigned char zero[16] = {0}, seed[16], card_key[16], message[32] = {0}, sealed[32];
    int length, good;

    if (issuer == NULL || card == NULL)
        return 0;
    good = EVP_EncryptInit_ex(issuer, EVP_sm4_ecb(), NULL, key, NULL);
    good &= EVP_CIPHER_CTX_set_padding(issuer, 0);
    good &= EVP_EncryptInit_ex(card, EVP_sm4_cbc(), NULL, zero, zero);
    good &= EVP_CIPHER_CTX_set_padding(card, 0);
    message[DATA] = 0x80;
    for (long at = 0; at < count && good; at++) {
        memcpy(seed, factors + at * FACTOR, FACTOR);
        for (int byte = 0; byte < FACTOR; byte++)
            seed[FACTOR + byte] = (unsigned char)~seed[byte];
        memcpy(message, data + at * DATA, DATA);
        good &= EVP_EncryptUpdate(issuer, card_key, &length, seed, 16);
        good &= EVP_EncryptInit_ex(card, NULL, NULL, card_key, zero);
        good &= EVP_EncryptUpdate(card, sealed, &length, message, 32);
        memcpy(codes + at * CODE, sealed + 16, CODE);
    }
    return good;
}

static int des(const unsigned char *key, const unsigned char *factors, const unsigned char *data,
               long count, unsigned char *codes)
{
    unsigned char seed[8], left[8], right[8], message[24] = {0}, sealed[24], chain[8];
    schedule first, second, card;

    DES_set_key_unchecked(key, &first);
    DES_set_key_unchecked(key + 8, &second);
    message[DATA] = 0x80;
    for (long at = 0; at < count; at++) {
        for (int byte = 0; byte < FACTOR; byte++)
            seed[byte] = (unsigned char)~factors[at * FACTOR + byte];
        DES_ecb3_encrypt(factors + at * FACTOR, left, &first, &second, &first, 1);
        DES_ecb3_encrypt(seed, right, &first, &second, &first, 1);
        for (int byte = 0; byte < 8; byte++)
            left[byte] ^= right[byte];
        DES_set_key_unchecked(left, &card);
        memcpy(message, data + at * DATA, DATA);
        memset(chain, 0, sizeof chain);
        DES_ncbc_encrypt(message, sealed, 24, &card, chain, 1);
        memcpy(codes + at * CODE, sealed + 16, CODE);
    }
    return 1;
}

static long long cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv)
{
    if (argc != 6)
        return 2;
    int is_sm4 = strcmp(argv[1], "sm4") == 0, runs = atoi(argv[2]);
    long count = atol(argv[3]);
    size_t size = 16 + (size_t)count * (FACTOR + DATA), room = (size_t)count * CODE;
    unsigned char *in = malloc(size), *codes = malloc(room + 1);
    FILE *source = fopen(argv[4], "rb"), *target = fopen(argv[5], "wb");

    if (in == NULL || codes == NULL || source == NULL || target == NULL)
        return 3;
    if (fread(in, 1, size, source) != size)
        return 4;
    puts(OpenSSL_version(0));
    for (int run = 0; run < runs; run++) {
        long long start = cpu_ns();
        const unsigned char *factors = in + 16, *data = factors + count * FACTOR;

        if (!(is_sm4 ? sm4 : des)(in, factors, data, count, codes))
            return 5;
        printf("%lld\n", cpu_ns() - start);
    }
    return fwrite(codes, 1, room, target) == room && fclose(target) == 0 ? 0 : 6;
}
