"""Streams that real tools made of one layer: `gzip -9n` (1.12), `zstd -19 --check` (1.5.4), `bzip2 -9` and `xz -9`.

What `packing.py` writes uses none of the codes that these do. They are kept as text, because another version of a tool
would write other bytes.
"""

import base64

from .images import Layer, text
from .tarball import Pack

_WORDS = (
    b"the layer holds a file of words that repeat so that a real compressor finds matches and writes dynamic codes "
    b"for them"
).split()
_BODY = b" ".join(_WORDS[byte % len(_WORDS)] for byte in text("samples", 1500))
LAYER = Layer(Pack().file("usr/share/words", _BODY).tar())
GZIP = base64.b64decode(
    "H4sIAAAAAAACA+1ZW27bQAz0UXyDJmge5yEaBymQ2oGVoNevshKXM+SsnJ/2p1YAW5FXKz6HQ+pjOn+bXux8+Pb7dH6adn/juJmPh7u79j0f6fv2"
    "8fvDvV9brt/ePN7f7/Y3u39wfEzvdp4fv/s/jx+nX2/nwzSdzns4nU57258Pbwd737+/zB/PP49PU/98PXyuOB/sdX96Xha36Pk8XZfPS9rvhtu2"
    "y/Md/KTl1ra63TwUiXb6lMT8GfOeiyAuQFnaFq5iNbX616JE+2Yl2qW4D7ZsF7O5/Db/tlUe2g5uahfTh3VRFqlh+SLbctm3nBe7Saudu2XzM5er"
    "7Z5Qkc2bb6F16z/NfF1Ft6PLNV/KVjPXUWnuu0TIFd3RY7Y8oHu2K+ub4WK/Rh7E2I6ogCXNuJ8PgPiEKDE0ZjIJ/us2cYNUvQ09DqeLSYxdne7M"
    "lrItLy7bJr0iVTHCwJjZ0/oBbRu3zCBsI5QggCPuEXTadigK6Qji9rRnvALdOKnHCWgiBiKQLiQuPAlMJwCr5XeEJkvI0FQ84dhg85/vR6khoLal"
    "ud/ImkFMhI8pvtw9ESPgyGyRGm2c/hG+XV8pjz9KWlxu2rzfzmyYCwb5gtsdyfKkPayoKBYfQhpRVNi1zSsQ4wiMSpFIePLXoEiEbALa3aeU1ngl"
    "61MFWSX0zS2VdH0qo/ArhTGXUBO1JzCjlwVTHKCts2EyUB2vcJvsBmyocKRUASoVqkJYyNcTpGAfcpIOKNlC2W2D6FUoOp8Q9AtOhqyhbCeMWmFG"
    "5FTI7ekjE0witN/BxWPBvmw6LBTKH5XIHolUAA3CyiY9ZEV/5Kv5Fs9LiPmGEhR8nMrZi4hxpdLgea305JlSoKzaCtFsgB4Fl8BXA+cTcFKYDzuB"
    "vF0Q6F5ZBeMP03U6FIk98Oxq114zEkDU6K1RscZdgE1mh8T54mMIsO74AhS+IZFVkQ3c96wSktkWbHBbbSCS67KJ/yJ/MXxS6rMWX2hUKFv4Mb1H"
    "zIm9EVxMV5B3lS42h48bvvYNkihBbmT5yFWmVKNorh2JuCN7XDI4BQpS6Sx2SmhTABIoGUkv+YcsBDaMstKzUaO22R+JJamZk+wUdYkFkq5KMxci"
    "LAlRx6lUmSu1qHaUEtuouo6queaZhWXl5sFwxuOIgh3FEv1lH27pIbARRLmwlGoUj4H8YsgbdP9cUS65EPk79LbV5IN0c1tBWsJsbdCCpkKhiwAV"
    "rZQoXq8A83lCtj2RE0rgnUNjmpxbxFgHoxNzq6gHlUk26tX8BGXuJeIbfRTg0ki0hkICfA1Ap9g743s8oIwhNgYsGGdl2oCdiJ8NeJaluUfSnkpK"
    "CrMgpdTBKrLnQbxFXXLHmqcpgtkJsLyIZJpeRMRGV0y1SPifPAb0zfn6YGhFLaakHalCgmFsMHI6kuXCbWlUHEwEkdM1NR1kZBBqiQHftmSUGSn8"
    "B7hjzDhsDCE0FzVd33qHnlrU2pYRWcg8rkaVCVZHdDJFGaXosUy+NsB1iSmoX/kdQ8VuLIg2iN+oepm6W+4ASBEa1PsvRbs+ZYbkoJBKECVk5PcI"
    "I04vW5o80bMtOp9Hmp4pjFnwvoR/wOhJtcUvWh7L2KA+QCwV1Eq4u1HhMqJAhUxcOjtH2HeTUmY/bXDB+vaMhs21Jld4pCDFSgVqFIjf5m2myTnG"
    "sByVDTp7qutb3RROUOVLnUtz9PzahsCZcCgncZ0si0G1eO2W5zXQ5H2NGZYUA0jIVEp6Rb3NKymUnTaO1t31uB7X43pcjz/rgzy5ACYAAA=="
)
ZSTD = base64.b64decode(
    "KLUv/QRoXSYAoskYFYBNOiCbc8Ueg/hKZDRRAKNVbkLoJOnZ/++pZ3+W7bGzLPs3LLv6f/YeOzs7q5Z7ii2HNArVc/KoZ+awplY91XrHmsP0SGul"
    "9nNQWioRhLECohCMYKVhKFY6pDUCWDs5oB0Ugi2oAr+SlAobazIQCAwHJXmmS/MDIhAIHoJwBGiEI4AKQEmINCIilqQk9UlrB5EWK+HiRu84ekuZ"
    "winYApPZwbfdTc1aDJQwjt1bqfDIo0X6QHv4iwqwrVqxs1jIRRVt753nIS7Tjrlr887dNPOwMmgVR/XrwnuH0wQh6RMPylu19KuNlXoRAYbIVDEu"
    "l7SXzKU8SUc0zp3giuP+pQaJR6wgH/Btvqu2JT0FUPIlG1RbP5/U2gKJzbMUs1sRww1nzCS3y4JOgPFdzveeDlspXn/L6AzDYXfSSCayTDNJWWkY"
    "pSQB2UlkWZbTYVCq2dZEB+fSIEqC6q/hj82097B0+Fz5/hTjcLW4pPj30Zy1G32+pFoe141KMJbQ5GAl9/QwnJmFQdfsTF3X/gaMj8ZInfK5Wbua"
    "ae5kmRDyxSnvoSHVQmbjFkYwprJqlllZB8QdCdfytL0Dmtbf8FA9Um8JpHte/pyIhzKbyh6NDUQyo4pz0K6TMz7BQ9bHTlOxfzXWGQrGsB9doOx0"
    "WGyAmf0R7T6yq+1Ocb2EoGVxGEOH/zWVdMnMT515fnj9jCRv94nACptvz44FZ7nwyCUj1XObrV9dOP7QCtVU8QBR95zBCEef6LAFa8ZQFi7C5wvt"
    "FPkYtql1ZfUQs+qjVwO6fDTr7w7Wunxbi6/TWVYHonA2QygiVOrUJ0zr7CMwaBUHqW+usZVki1bBe81cE6P8iGCJsUMPPqqQcrLZXlhZwGCcuFMK"
    "aCoecxtW1kno3xGSHg4NmPQpUQkFaxV0pITg0KMoG5aZKPgUQBG4qrpqFyIoHRFoBk4wqnRc99kK1I1Kni2e2O5/IWaq/Dhpv9RlnkoBwHrFm0QG"
    "IUXz9IVLatQZ2nd53uadwyV3kSFG//XdM7fuWQlALk8wB8j2JjpilmJyWVT57H8Gh3HlSnMkWwg1WgddBEDHykstB5Yu4+sRtaQiglG6aIlSMRLl"
    "/yOg0tmSEdMOgQokTvJE5Hfq5RKXL0ohdk6FYlPDeIP8/hyN1pXjRaJ26936DIF0iRvyqb0+7VEbGe4JQwDSZjt9EpkxR/yckynxVgJLsQjPsTDc"
    "iNin9uV1AWkOr34KVS7AyDHahPWIOkHQZeXGg/ODRfIL0uWMoed04WlLcuHIuYX0yJ+Zqh8kjRVPylLwJFwrEqEJ32bJ+5nI+4HnhGPszpeeZb2P"
    "LM75OXilicfdB8Q0nJyqK72jscNntX2DGsqga9j2pJHVZNmi7GbsXligoqGrj+47KZC6kCmHRW4oeimiUaaKJM2TgckqK+1bQnMIT3ismwX7td//"
    "amcsIfa5wPMGc/w2AgR7TAjpJ8xq7S9mYBbd56m9A12TtR2z8soKUfVTlGKOMOUARgmqmGk5LB8Zjh4ySjBoke2B3QtyPDKeylqIgUEsHQvhPBgc"
    "QefcGMVuLLZAfZHnW75FUdXXusE305NP3gOCmDvQfOHxICyPlmXDYT7V0gD5sOHn5cpMAJAHADASNIA2khea/g=="
)
# Of the layer's first 2048 bytes: neither is unpacked.
BZIP2 = base64.b64decode(
    "QlpoOTFBWSZTWcH0SOAAAxxbgNiAQADvgCAAb2fegAgAQAGgJwGp4TSpT0QxHpND1GBKfqqiGQyYgGAgxhMTJgJgAApVEnkTJiGEyDNTvoQ54d6P"
    "F9LeEA+2n1+n4b/0J7ux8xJkLAkvZvUUcTIidMWsNnRqsVoVMTmKTGLJBHhg3RW2kwq9hFIKyplZjsWVPG9BZbJwNgrcuN025XguMvdErhaZySHL"
    "XatmpB82NmcqWXTl07RNYhPKslfIxguN4QNIpRQ2NtTbTKIi1LlCt5kw/fqOdSODsuD0fn28+3oXvbp0Y68HOeHAAOHGrQkDIyRMYyJMQzIrTX8r"
    "M3XWEBQkURhMHJGKHgmElyqZEc9tF1I6wfyM4MEZKmdT9gxg0S4k8wbNkGWCWOuS9oPJTxqVM4NPWDDXUNXoS0zxi6f4u5IpwoSGD6JHAA=="
)
XZ = base64.b64decode(
    "/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4Af/AYddADqcyosJxdxJssUvXxk/8M99yQ0sNl63W5oB3efrqXfTxdP9ResvryVewlreSyup9ThBmVGP"
    "Jic0bSZb6iQCqs4Eic6qrtOdsu8x5JJIobz1VfOITpauL7ZZE+V/AAIFO//uAzj6XWwrXfVOnsrmR8SK6QeM6DA8SUn3YGj3ArGZ5Rbr2TbV6UQ3"
    "NHln2Nk2ceUxeNveGTC8rSHDO0d09qC6bolmxKA95ThYfOuoIK+RQOQzKcyoXLv71fxyZqBD8piJrm20Ua0Ea9CvLS7AMUV7VAtScwaCT5Wm9lE1"
    "pLUIdNvIN15RVKNz1c2s5TKiBLncWgVmrhQe3NEHdyzKKTI1N5AefCL9D6++S8v7X0kFAgEWMZi9Kn/QR2c+OAPbUJ1TfnBSo2IPQ5C9YVEx55+q"
    "2/Y4ycx01r2lknCWtQTxffULyQME5SCx115q2gfWuyKZHlPZu5xofYq+UjgJM1DZhImnLi+o9YgqRoYv8GqJf9NF8UwQbbkeit6IdsK9pQR/7nLt"
    "e3IAAL7Iyuh4hkYtAAGjA4AQAAAG2ALqscRn+wIAAAAABFla"
)
