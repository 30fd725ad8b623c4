export function keyTreePicture(): string;
