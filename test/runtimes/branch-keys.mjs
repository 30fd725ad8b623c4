// Messages of test/vectors/hierarchy that official clients wrote under a branch key, and that key in clear: so that they open
// where no table is. Bytes are base64.

export const BRANCH_KEY_ID = "tenant é€𐍈";

export const WRITTEN = [
  {
    writer: "Python",
    version: "c66f0faf-540c-4432-9ffa-2c19836054d2",
    key: "91dGVXl9kaY1DZKPGTMLCwbAWLpC9kn4n2/G62inPSQ=",
    plaintext: [
      "CypJaIemxeQDIkFgf5693PsaOVh3lrXU8xIxUG+OrczrCilIZ4alxOMCIUBffp282/oZOFd2lbTT8hEwT26NrMvqCShHZoWk",
      "w+IBID9efZy72vkYN1Z1lLPS8RAvTm2Mq8rpCCdGZYSjwuEAHw==",
    ].join(""),
    ciphertext: [
      "AgR4BRJRbRbsjAqGFxdhApdxeOCpDzaMJtfioI5GU1rtRtQAXgAHAAZCYW5hbmEAATIABVplYnJhAAE1AAVhcHBsZQABMQAF",
      "emVicmEAATQABsOkcmdlcgAEMyDDqQAM772eZnVsbHdpZHRoAAE2AArwkI2IZ290aGljAAY3IPCdhJ4AAQARYXdzLWttcy1o",
      "aWVyYXJjaHkAEHRlbmFudCDDqeKCrPCQjYgAXFa15Yfqo3ze/BhvXf/6jzx2Y9VAM59rjxZMnovGbw+vVAxEMp/6LBmDYFTS",
      "4RM2VAlUN8B8HGk5bxTyxi3nU+4M+UutE3VAec4NUd4yqWjoFZBaUz3G7lc+oPbkAgAAAIBPsFVyDr1urOvHpwX3quCjN9tU",
      "iAicHME7vT+2FgR0cnVokJdSwtHKvuko6pKarR3/////AAAAAQAAAAAAAAAAAAAAAQAAAG0jcLtJUOeozxPsKIiarNFuaJL6",
      "llrgZw1D2wnfSTrPTP+xbVeGS5NQ345ERPEzpOiri7oZukj56YJEogNfH1x40iH0KA/aLlsLnOZaIblAs3Jayc2Mn4C0Xf6h",
      "onaj7JPY2b2JSE77Y2i0Gp2qQ5b7eiiL94DTmc91yHNIaw==",
    ].join(""),
  },
  {
    writer: "JavaScript, in the order of the locale",
    version: "fa579184-189a-4df0-8a96-d9927afb2c3c",
    key: "PepjRJ4noyCBEi6JazCUzWi3gQMERHpJzhOug5PC5sg=",
    plaintext: [
      "CypJaIemxeQDIkFgf5693PsaOVh3lrXU8xIxUG+OrczrCilIZ4alxOMCIUBffp282/oZOFd2lbTT8hEwT26NrMvqCShHZoWk",
      "w+IBID9efZy72vkYN1Z1lLPS8RAvTm2Mq8rpCCdGZYSjwuEAHw==",
    ].join(""),
    ciphertext: [
      "AgR4rtkZ3X9J8h+Rth9+VryuB2HuJflkZ4Xc2oDDIRP979UAXgAHAAZCYW5hbmEAATIABVplYnJhAAE1AAVhcHBsZQABMQAF",
      "emVicmEAATQABsOkcmdlcgAEMyDDqQAM772eZnVsbHdpZHRoAAE2AArwkI2IZ290aGljAAY3IPCdhJ4AAQARYXdzLWttcy1o",
      "aWVyYXJjaHkAEHRlbmFudCDDqeKCrPCQjYgAXAhJrcUbtWAamcZ8di7zWe0H3D3gOKlWyWElugb6V5GEGJpN8IqW2ZJ6+yw8",
      "yVQZYehBRhp35KxhJsgSd+yz7ZKWswYlY//86LbXoHrWIYFpCLLLgJigTiT8q+A+AgAAEABmrjpqOUDTBZ6RGKlfiuSqs0rK",
      "8a7Fb6AKI6MFohEKdthznSVpn0ezwCKImvdF3+3/////AAAAAQAAAAAAAAAAAAAAAQAAAG2RbwSNAlPUeJU3A/r8Ml1wNkIm",
      "g2On91YU7LaIztlyiMK9xZb0pJD6R+oq6MTMlMCCefcn0i8qgYjlVjrLUvh4ohRsIL0mp1o1XJ+fDPJc6eUaydT2BkrJ6+3L",
      "+cODxD11hz5DlR2tjHqaSqCSqgU9audFVSzlrwp+GzOa7w==",
    ].join(""),
  },
];
